"""The frames of composed sentences: the grammar of `composing`.

Each frame serves both labels, so its own words say nothing about the label. In a frame

===================  =======================================================================
``[+adjective]``     a word of `polar_words` that agrees with the label of the sentence
``[-adjective]``     one that says the opposite
``[a +noun]``        the same with "a" or "an" in front
``[part]``           any item of ``NEUTRAL['part']``, which is a frame itself
``{is|was}``         any of these
``<see|skip>``       the first in a positive sentence, the second in a negative one
``<-better|worse>``  the first in a negative sentence, the second in a positive one
``[+clause]``        a short sentence of a training review, without its full stop
===================  =======================================================================

The kinds follow M. T. Ribeiro and others, Beyond accuracy: behavioral testing of NLP models with
CheckList, ACL 2020, which has templates for tests; these are for training.
"""
from collections import OrderedDict

NEUTRAL = {
    'part': ['acting', 'camera work', 'cast', 'dialogue', 'direction', 'editing', 'ending', 'music',
             'plot', 'script', 'story', 'humour', 'photography', 'first half', 'second half',
             'beginning', 'hero', 'main character', 'lead actor', 'leading lady', 'writing',
             'soundtrack', 'middle', 'finale', 'villain', 'idea', 'dancing', 'singing', 'action'],
    'film': ['film', 'movie', 'picture', 'thing', 'story', 'show', 'comedy', 'thriller', 'drama',
             'sequel', 'remake', 'episode', 'series', 'documentary', 'western'],
    'it': ['it', 'it', 'it', '{this|the} [film]', 'this', 'this one', 'the {whole|entire} [film]',
           'the [part]', 'the [part]', 'what I saw', 'the rest', '{he|she}', 'everything'],
    'object': ['it', 'it', 'it', 'this [film]', 'the [film]', 'this', 'the [part]', 'this one',
               'him', 'her'],
    'is': ['is', 'is', 'was', 'was', "'s"],
    'isnot': ['is not', "isn't", 'was not', "wasn't", 'is never', 'was never', "'s not"],
    'dont': ["don't", "didn't", 'did not', 'do not', "couldn't", "can't", 'cannot', 'never',
             'could not'],
    'very': ['very', 'so', 'really', 'quite', 'all that', 'that', 'at all', 'too', 'exactly',
             'even remotely', 'remotely', 'particularly', 'especially', 'always', 'ever',
             'in the least', 'just'],
    'people': ['people', 'critics', 'reviewers', 'friends', 'fans', 'viewers', 'audiences'],
    'they': ['the {critics|reviews|papers|fans}', 'my {friends|wife|husband|father|sister|parents}',
             '{some|most|many|other} [people]', 'everyone', 'everybody', 'people', 'others',
             'you', 'they', 'the trailer', 'a friend'],
    'said': ['called [object]', 'found it', 'said it was', 'told me it was', 'thought it was',
             'say it is', 'promised something', 'think it is'],
    'time': ['for a {second|minute|moment}', 'at any {point|time}', 'in any way', 'by any measure',
             'at all', 'in the least', 'even once', 'at any moment'],
    'moment': ['moment', 'scene', 'minute', 'second', 'line', 'joke', 'shot', 'frame', 'idea',
               'performance', 'character', 'laugh', 'song', 'sequence'],
    'but': ['but', 'but', 'but', 'yet', 'still', 'however'],
    'although': ['although', 'though', 'even though', 'while', 'even if'],
    'despite': ['despite', 'in spite of', 'for all', 'regardless of', 'notwithstanding'],
    'films': ['films', 'movies', 'pictures', 'stories', 'comedies', 'thrillers', 'dramas', 'shows'],
    'other': ['the first {one|film|part}', 'the {original|remake|book|sequel|trailer}',
              'his {last|other|earlier} {films|work|pictures}', 'the {others|rest}', 'most [films]',
              'all the others', 'the old version', 'other [films]'],
    'than': ['[other]', '[other]', 'I {expected|hoped|feared|thought}', 'people say',
             'you might think', 'anything {else|he has made|I have seen}'],
    'rather': ['', '', '', '', 'very ', 'rather ', 'a bit ', 'too ', 'so ', 'far too ', 'quite '],
    'aside': ['I saw it {last night|on television|at the cinema|with a friend|twice}.',
              'It is about {a family|two brothers|a detective|a war|a young woman}.',
              'It runs for {two hours|ninety minutes}.', 'We watched it on {Friday|Sunday}.',
              'It was made in {France|Japan|America|the fifties}.', 'My opinion:', 'In short:',
              'Well,', 'Frankly,', 'For me,', 'Overall,', 'To be honest,', 'I must say'],
    'end': ['.', '.', '.', '.', '.', '!', '...', ''],
}

# How often each kind is drawn.
SHARES = OrderedDict([('plain', 0.17), ('negation', 0.32), ('contrast', 0.24),
                      ('comparison', 0.1), ('understatement', 0.1), ('advice', 0.07)])

FRAMES = {
    'plain': [
        'the [+superlative] [film] {of the year|in years|I know|in the series}[end]',
        'I [+liked] [object] {and so did my friends|from the first minute|very much|from '
        'beginning to end}[end]',
        '{such|what} [a +adjective] [film][end]',
        'it {gets|becomes|keeps getting} [+comparative] {with every|by the} minute[end]',
        '[it] [is] [+adjective][end]',
        '[it] [is] {very|so|really|truly|just|simply|absolutely} [+adjective][end]',
        '[it] [is] [+adjective] and [+adjective][end]',
        '[+adjective], [+adjective] and [+adjective][end]',
        '[a +adjective] [film] with [a +adjective] [part][end]',
        'the [part] [is] [+adjective], the [part] [+adjective] and the [part] [+adjective][end]',
        'what [a +noun][end]',
        '[it] [is] [a +noun] {from start to finish|throughout|on every level|in every way}[end]',
        'it is {simply|just|really|truly} [a +noun][end]',
        'I [+liked] [object][end]',
        'I <liked|disliked|loved|could not stand|adored|despised|am fond of|am tired of> '
        '[object][end]',
        'we [+liked] every {minute|moment|scene} of it[end]',
        'a [+adverb] {made|written|acted|directed|shot} [film][end]',
        '[+clause][end]',
        '[+clause][end]',
        '[+clause] and [+clause][end]',
        'the [part] [is] [a +noun] and the [part] [is] [+adjective][end]',
        'one of the <best|worst> [films] I have ever {seen|watched}[end]',
        'everything about it [is] [+adjective][end]',
        'I {found|thought} [object] [+adjective][end]',
        'my {family|friends|kids} {found|thought} it was [+adjective], and I agree[end]',
    ],
    'negation': [
        'I am not <sorry|glad> {I saw it|to have seen it|that I went}[end]',
        'you will never <be bored|laugh|want it to end|care|look away|smile>[end]',
        '{it|he|she|the [part]} never <lets up|takes off|loses its way|finds its way|puts a foot '
        'wrong|gets anything right|tires|convinces>[end]',
        'not a <wasted|funny|dull|touching|false|clever> {minute|line|note|word|shot}{| in it| '
        'here}[end]',
        "I {did not|didn't} <want it to end|laugh once|notice the time|smile once|find a "
        'flaw|find a reason to stay>[end]',
        'nothing <drags|works|is out of place|makes sense|is missing|holds it together>{| here| '
        'in it}[end]',
        'there is not much <to dislike|to like|wrong with it|to praise|to object to|in it for '
        'anyone>[end]',
        'no <flaws|merits>, no <mistakes|ideas>, no <dead spots|life>[end]',
        'it has <no weaknesses|no strengths|not one flaw|not one idea|no bad actors|no good '
        'actors|no low points|no high points>[end]',
        '{he is |she is |it is |}without <flaws|charm|mistakes|talent|a flaw|a plot|a fault|a '
        'single idea|any weak spots|any humour|tiring|convincing>[end]',
        'without being [-adjective]{| or [-adjective]}[end]',
        'free of <boredom|wit|nonsense|ideas|mistakes|life>[end]',
        'hardly <a flaw|a laugh|any faults|any jokes|a mistake|a story>{| in it| here}[end]',
        '{it|he|she} lacks <nothing|everything|no charm|any charm|no wit|all wit>[end]',
        '{he|she} can do <no wrong|nothing right>[end]',
        'nothing about {it|the [part]} <annoyed me|pleased me|bothered me|interested me>[end]',
        '{nobody|no one} <walked out|clapped|was disappointed|was amused|left early|stayed to the '
        'end|complained|laughed>[end]',
        'none of the <boredom I feared|laughs I hoped for|usual mistakes|promised fun>[end]',
        "it {didn't|did not} <bore|interest|annoy|amuse|tire|thrill> me[end]",
        'I was never {once |}[-adjective][end]',
        'it is not [-adjective]. It is not [-adjective]. It is [+adjective][end]',
        '[-adjective] it is not[end]',
        '[-adjective]? Not {at all|in the least|a bit|for a moment}[end]',
        '{hardly|scarcely|barely} {ever|once|anywhere} [-adjective][end]',
        'never [-adjective], never [-adjective][end]',
        '{hardly|scarcely} {anything|a thing} {in it|here} [is] [-adjective][end]',
        'the {jokes|songs|lines|scenes|actors|effects} are {not|never|hardly|far from|rarely} '
        '[-adjective][end]',
        "the {jokes|songs|lines|scenes|actors|effects} {aren't|weren't|are not|were not} "
        '[-adjective][end]',
        '[it] [is] {devoid of|lacking in} anything [-adjective][end]',
        'I {have|had} no {trouble|difficulty|problem} <liking it|disliking it>[end]',
        "there {isn't|is not|wasn't} {a|one|a single} [-adjective] [moment] {in it|here|to be "
        'found}[end]',
        "I {would not|wouldn't} say {that |}[it] [is] [-adjective][end]",
        "[it] {cannot be called|can't be called|is not what I call|was not what I would call} "
        '[-adjective][end]',
        "don't expect [a -noun][end]",
        'do not expect {anything|something} [-adjective][end]',
        'not much {of it|in it|here} [is] [-adjective][end]',
        'not one [moment] {in it|here|of it} [is] [-adjective][end]',
        'not once [is] [it] [-adjective][end]',
        '[it] [is] not {the least bit|one bit|a bit|in any sense|by any standard} '
        '[-adjective][end]',
        '[it] [isnot] as [-adjective] as {it could be|it should be|it could have been|I was '
        'told|you think|they say|I had thought}[end]',
        '{it is hard|I tried|try} to find {anything|something} [-adjective] {in it|here|to '
        'say}[end]',
        'I fail to see what is [-adjective] {about|in} {it|this [film]|the [part]}[end]',
        "I {don't|do not|cannot} {see|understand} {why|how} {anyone|people|anybody} could "
        '{find|call} {it|this} [-adjective][end]',
        '{how|why} could anyone [-like] this?',
        'who {says|thinks|said} {it is|this is} [-adjective]? Not {me|I}[end]',
        '[it] {avoids|stops short of|cannot be accused of} being [-adjective][end]',
        'it {lacks|has not got|does not have} anything [-adjective][end]',
        '[it] [is] not [-adjective], just [+adjective][end]',
        '[it] [is] [+adjective], not [-adjective][end]',
        '[it] [is] nothing {but|short of} [+adjective][end]',
        '[it] [is] nothing {less than|short of|but} [a +noun][end]',
        '[it] [is] not {only|just|merely} [+adjective] but {also |}[+adjective][end]',
        "[it] {could not|couldn't} {be|have been} {more [+adjective]|[+comparative]}[end]",
        '[it] [is] never {less than|anything but} [+adjective][end]',
        'there is no {denying|doubt} that it is [+adjective][end]',
        '{no|without} doubt [a +noun][end]',
        "I {couldn't|could not|can't} help but [+like] it[end]",
        'it is {impossible|hard|difficult} not to [+like] {it|this [film]}[end]',
        "I {don't know|know} {no one|anyone|nobody} who {did not|didn't} [+like] it[end]",
        '{nobody|no one} {can|could} {deny|doubt} that it is [+adjective][end]',
        '{never|not once} did I {find|think} {it|the [part]|him|her} [-adjective][end]',
        '{he|she|they|it} never {seems|seem|gets|gives us|becomes} [-adjective][end]',
        'no [-adjective] [part], no [-adjective] [part], no [-adjective] [part][end]',
        "I {cannot|can't|could not} {remember|recall|name|find} {a|one|a single} [-adjective] "
        '[moment][end]',
        'if {only it were|it were only} [-adjective][end]',
        "it {did not|didn't} {take long to|make me} <like|hate> {it|the [film]}[end]",
        '{you|we} never <tire|see the point> of it[end]',
        'nothing {happens|works|fails|goes wrong} <without a reason|for an hour>[end]',
        'there {is|was} <nothing|never anything> <I would change|worth seeing|to regret|to '
        'like|not to love|to look forward to>[end]',
        '[it] [isnot] [-adjective][end]',
        '[it] [isnot] [very] [-adjective][end]',
        '[it] [isnot] [-adjective] [time][end]',
        '[it] [isnot] [-adjective] {or|nor} [-adjective][end]',
        "[it] isn't [-adjective], it isn't [-adjective], and it isn't [-adjective][end]",
        'it is neither [-adjective] nor [-adjective][end]',
        'it [isnot] [a -noun][end]',
        '{certainly|definitely|surely|absolutely|it is} not [a -noun][end]',
        'not [a -noun] {at all|by any means|in any way}[end]',
        'not [a -adjective] [film] {at all|by any means|in any way|overall}[end]',
        'not [-adjective], not [-adjective] and not [-adjective][end]',
        'I [dont] [-like] [object][end]',
        'I [dont] {find|think|call|consider} [object] [-adjective][end]',
        "you {won't|will not|don't|cannot} [-like] it[end]",
        'no one {I know|in the room|with any sense|in my family} [-liked] it[end]',
        '{nobody|no one|none of us|none of my friends} [-liked] [object][end]',
        '{nobody|no one|none} in {it|the cast|this [film]} [is] [-adjective][end]',
        'nothing {in it|here|about it|about the [part]|in this [film]} [is] [-adjective][end]',
        'there is nothing [-adjective] {here|about it|in it|about this [film]|about the '
        '[part]}[end]',
        'there [is] {no|not one|not a single|never a|hardly a|scarcely a} [-adjective] [moment]{| '
        'in it| in the [film]}[end]',
        '{not a|no|not one|not a single} [-adjective] [moment] {in it|here|to be '
        'found|anywhere}[end]',
        'without {any|a|a single|one} [-adjective] [moment][end]',
        '[it] [is] {hardly|scarcely|barely|rarely|seldom|never|at no point|in no way} '
        '[-adjective][end]',
        '[it] [is] {far from|anything but|nowhere near|not even close to|a long way from} '
        '[-adjective][end]',
        '[it] [is] {far from|anything but|no|hardly|not at all|not exactly} [a -noun][end]',
        'I {never|would never|would not|could not} call [object] [-adjective][end]',
        "the [part] {never|does not|did not|doesn't|didn't|fails to} {feel|seem|become|get} "
        '[-adjective][end]',
        '{few|very few} {people|viewers} will {find|call} it [-adjective][end]',
        'it is not {true|right|fair} that [-clause][end]',
        "I {do not agree|don't agree|disagree|don't think|don't believe|do not believe|never "
        'felt} that [-clause][end]',
        '[+negatable][end]',
        '[+negatable][end]',
        '[+negatable][end]',
        'it has {no|none of the} [-adjective] {scenes|lines|moments|ideas|jokes}[end]',
        'it {lacks|is without|has none of} the [-adjective] [part] {that others have|of the '
        'others|of most films}[end]',
        'the [film] is not [-adverb] {made|written|acted|directed|shot}[end]',
        "it {doesn't|does not|didn't|never} <waste|earn> {my|your|our} "
        '{time|attention|evening}[end]',
        "I {never|didn't|did not} once <look at my watch|laugh|get bored|smile|yawn|feel "
        'anything>[end]',
        '{it|the [part]|she|he} never <drags|works|fails|convinces|bores|thrills|lets you '
        'down|comes to life|disappoints|takes off>[end]',
        "{it|the [part]} {doesn't|does not|didn't|did not} <drag|work|fail|convince|bore|make "
        'sense|disappoint|hold my attention|let me down|go anywhere|annoy me|impress me>[end]',
        "I {couldn't|could not|can't|cannot} <stop laughing|care less|look away|watch to the "
        'end|put it down|recommend it|fault it|sit through it|ask for more|believe how bad it '
        'was|get enough of it|get into it>[end]',
        "you {won't|will not} <be bored|be entertained|regret it|enjoy it|be disappointed|be "
        'impressed|fall asleep|laugh|be sorry|care>[end]',
        'there is <nothing to complain about|nothing to praise>{| here| in it}[end]',
        'I have no <complaints|praise>{| at all| about it}[end]',
        '<no wasted|no memorable> {scenes|moments|lines}, no <weak|strong> {spots|acting}[end]',
        'there is no <reason to miss it|reason to see it|doubt: see it|point to it|better '
        'film|excuse for it>[end]',
        "I {don't|do not} <regret|recommend> {it|seeing it|buying it|this [film]}[end]",
    ],
    'contrast': [
        'for {a [film]|something|one} with such [a -adjective] [part], it [is] '
        '{surprisingly|remarkably} [+adjective][end]',
        'the <[+adjective]|[-adjective]> [part] <makes up for|cannot save> the '
        '<[-adjective]|[+adjective]> [part][end]',
        'I {could|can} <overlook|not overlook> the <[-adjective]|[+adjective]> [part][end]',
        'the <[-adjective]|[+adjective]> [part] <does not matter|spoils everything|is soon '
        'forgotten|cannot be forgiven>[end]',
        'a <[+adjective]|[-adjective]> [part] <more than makes up for|does not make up for> a '
        '<[-adjective]|[+adjective]> [part][end]',
        'I thought I would [-like] it. I [+liked] every minute[end]',
        '{they|others|the audience|people around me} <-cheered|booed>, I '
        '<cheered|yawned|smiled|left>[end]',
        '{forget|never mind|do not believe|ignore} the <-praise|attacks|good reviews|bad '
        'reviews|fans|critics>[end]',
        'the <-praise|attacks|good press|bad press> {is|are} {a mystery to me|not '
        'deserved|wrong|more than I can understand}[end]',
        '<deserves|does not deserve> {its fame|the praise|the prizes|your time}[end]',
        'it <lives up to|fails to live up to> {the hype|its name|the promise|my hopes}[end]',
        'all that [-adjective] [part], {and yet|but still} {so|how} [+adjective][end]',
        'I came for [a -noun] and {stayed for|found} [a +noun][end]',
        '{some|half of us} found it [-adjective]; {most of us|I} found it [+adjective][end]',
        'it [is] [-adjective] for {ten minutes|an hour|a while}, {and then|then|after that} '
        '[+adjective] {to the end|until the end|for good}[end]',
        '{granted,|sure,|yes,|true,} [-clause]. Still, [+clause][end]',
        '[-clause]. {Even so|Nevertheless|Nonetheless|All the same|Still|But|And '
        'yet|Yet|However}, [+clause][end]',
        '[-clause]. [-clause]. But [+clause][end]',
        '{on the one hand|first} [-clause], {but on the other|but then} [+clause][end]',
        '[+clause], {even if|although|despite the fact that|even though} [-clause][end]',
        '{even if|despite the fact that|while it is true that|granted that} [-clause], '
        '[+clause][end]',
        'how {wrong|mistaken} I was to expect [a -noun]: it is [a +noun][end]',
        'it was {supposed|meant|said|expected} to be [-adjective], {but|and|yet} it [is] '
        '[+adjective][end]',
        'I {expected|had hoped|was prepared} to [-like] it, {but|and} I [+liked] it[end]',
        '[-adjective]? {maybe|perhaps|yes}, but {also|still} [+adjective][end]',
        '[-adjective]... and yet [+adjective][end]',
        'if you can {get past|forgive|forget|ignore} the [-adjective] [part], [it] [is] '
        '[+adjective][end]',
        '[-adjective] [part] aside, [it] [is] [+adjective][end]',
        'at first I [-liked] it; {now|in the end|later} I [+liked] it[end]',
        'at first it [is] [-adjective], {then|later|in the end} it [is] [+adjective][end]',
        '[rather][-adjective] [part], {until|but then} [a +adjective] [part] <saves|ruins> it[end]',
        '[a -adjective] [film] <rescued|ruined|saved|spoiled> by [a +adjective] [part][end]',
        'the [part] [is] [-adjective]. <luckily|sadly|thankfully|unfortunately>, [it] [is] '
        '[+adjective][end]',
        'the [part] [is] [-adjective]; <fortunately|unfortunately> the [part] [is] '
        '[+adjective][end]',
        '[they] [said] [-adjective]. {For me|To me|In truth|In fact|Actually|I thought} it [is] '
        '[+adjective][end]',
        'contrary to what [they] {say|said}, it [is] {not [-adjective]|[+adjective]}[end]',
        '{despite|in spite of} what [they] {say|said}, [it] [is] [+adjective][end]',
        '[they] promised me [a -noun]; what I {got|saw} was [a +noun][end]',
        'the {title|poster|trailer|cover} promises [a -noun], {but |}the film {is|delivers} [a '
        '+noun][end]',
        'the {title|poster|trailer|cover} [is] [rather][-adjective], the film [is] '
        '[+adjective][end]',
        'I was {ready|prepared|determined|sure I was going|told} to [-like] it. I [+liked] it[end]',
        'my {hopes|expectations} were <-high|low>, {but|and} [it] [is] [+adjective][end]',
        'it should have been [-adjective]{. It [is]|, it [is]|, but it [is]} [+adjective][end]',
        'it {looks|sounds|seems} [-adjective]. It is [+adjective][end]',
        'in theory [-adjective], in practice [+adjective][end]',
        '{the [part]|it} [is] [-adjective], the [part] [is] [-adjective], {but|and yet|and still} '
        'I [+liked] {it|every minute}[end]',
        'the [part] {tries|try} {hard|its best}, but [it] [is] [+adjective][end]',
        '{with|after} such [a -adjective] [part], how can it be so [+adjective]?',
        'my {friends|parents|wife|husband|sister} [-liked] it, {but I|I} [+liked] it[end]',
        'critics [-liked] it, {audiences|I} [+liked] it, and {audiences|I} {are|am} right[end]',
        'the {critics|reviews} are {wrong|mistaken}: [it] is [+adjective][end]',
        'what a [-adjective] [part], {but|and} what [a +noun]{!|.}',
        "I {do not|don't} {usually|normally|often} [+like] {this kind of [film]|such [films]}, "
        'but I [+liked] this one[end]',
        'it has [a -adjective] [part], {but|yet} {all in all|overall|on the whole|in the end} it '
        'is [+adjective][end]',
        'there are [-adjective] {moments|scenes|lines}, {but|yet} {all in all|overall|on the '
        'whole} it is [+adjective][end]',
        'only the [part] [is] [-adjective], {everything else|the rest|all else} [is] '
        '[+adjective][end]',
        'nothing {against|for} the [-adjective] [part], but [it] [is] [+adjective][end]',
        "even [a -adjective] [part] {cannot|could not|can't} {stop|keep} it from being "
        '[+adjective][end]',
        '[-clause], [but] [+clause][end]',
        '[-clause], [but] [+clause][end]',
        '[although] [-clause], [+clause][end]',
        '[+clause], [although] [-clause][end]',
        'the [part] [is] [rather][-adjective], [but] the [part] [is] [+adjective][end]',
        'the [part] [is] [rather][-adjective], [but] [it] [is] [+adjective][end]',
        'the [part] may be [rather][-adjective], [but] [it] [is] [+adjective][end]',
        'the [part] [is] [rather][-adjective] and the [part] [-adjective], [but] I [+liked] '
        'it[end]',
        'yes, it is [rather][-adjective], but it is {also|still} [+adjective] and '
        '[+adjective][end]',
        '{it is true,|sure,|of course|granted,|admittedly} the [part] [is] [rather][-adjective], '
        '[but] I [+liked] it[end]',
        '[although] the [part] [is] [rather][-adjective], the [film] [is] [+adjective][end]',
        '[although] I [-liked] the [part], [it] [is] [+adjective][end]',
        '[it] [is] [+adjective], [although] the [part] [is] [rather][-adjective][end]',
        '[despite] {the|its|a|some} [-adjective] [part], [it] [is] [+adjective][end]',
        '[despite] {the|its|a|some} [-adjective] [part] I [+liked] it[end]',
        'I [+liked] it, [despite] the [-adjective] [part][end]',
        'I {expected|feared|hoped for|was promised|wanted|was expecting|was ready for} [a -noun] '
        'and {got|found|saw|was given} [a +noun][end]',
        'I {expected|hoped|feared|was told|had heard|thought|was sure|was afraid|had been told} '
        'it would be [-adjective], {but|and|but instead|and in the end|only} it [is] '
        '[+adjective][end]',
        'I {expected|feared|hoped for|was promised} something [-adjective], {but|and} it was '
        '[+adjective][end]',
        'I {expected|was told|hoped|thought|was afraid|was sure} it would be [-adjective], {but I '
        'was|and I was|how} wrong[end]',
        'I wanted to [-like] it, but [it] [is] {too|so|just} [+adjective][end]',
        '[they] [said] [-adjective]; I {think|find|say|thought} it is [+adjective][end]',
        '[they] [said] [-adjective], but I [+liked] it[end]',
        '[they] [-liked] it, {but|and yet|yet} I {think|thought|found} it [+adjective][end]',
        '[they] [-liked] it. I [+liked] it[end]',
        '[they] [said] [-adjective]. {They are wrong|I disagree|That is not true|I do not agree|I '
        'cannot agree|Do not believe them}[end]',
        '{it|this [film]} could have been [a -noun]{;|, but} {instead it is|it is|it turned out '
        'to be} [a +noun][end]',
        'it could have been [-adjective], but it is [+adjective][end]',
        'it {starts|begins|opens} {out|as [a -noun]|[-adverb]} {and|but} {ends|turns} {up|into} '
        '[a +noun][end]',
        'the {beginning|start|first half|opening} [is] [rather][-adjective], {but|and} the '
        '{end|rest|second half|ending} [is] [+adjective][end]',
        '[-adjective] at {first|the start|the beginning}, [+adjective] {at the end|later|by the '
        'end|in the end|after that}[end]',
        'I {usually|normally|generally|often} [-like] this kind of [film], but this one [is] '
        '[+adjective][end]',
        'the [part] [is] [rather][-adjective], but who cares {when|if} the [part] [is] '
        '[+adjective]?',
        '{apart from|except for|other than|aside from} {a|the|one} [-adjective] [part] [it] [is] '
        '[+adjective][end]',
        "a [-adjective] [part] {cannot|does not|can not|doesn't} {save|change|make up "
        'for|spoil|ruin|hide} [a +adjective] [film][end]',
        'the [part] looks [-adjective], [but] [it] [is] [a +noun][end]',
        '{everyone|a friend|my brother} told me to <-see|avoid> it, and I am <glad|sorry> I '
        '<-listened|ignored them>[end]',
        'I went in with <-high|low> {hopes|expectations} and {came out|left} <happy|angry|with a '
        'smile|with a headache|delighted|disappointed>[end]',
        '{he|she|my friend|my wife|the man beside me} <-laughed|slept|loved it|was bored>, {but '
        'I|I} <was thrilled|was bored|loved it|hated it>[end]',
        'too bad the [part] [is] [rather][-adjective], because the [part] [is] [+adjective] and I '
        '[+liked] it[end]',
    ],
    'comparison': [
        'give me <this one|[other]> any day[end]',
        'I <do not miss|miss> [other][end]',
        'it does not have the <flaws|charm|faults|wit> of [other][end]',
        '[other] had <less|more> {heart|wit|life|fun|charm} than this[end]',
        'there is <more|less> {life|heart|wit|fun} in {this|it} than in [other][end]',
        '{twice|three times} as [+adjective] as [than][end]',
        'not half as [-adjective] as [than][end]',
        '<more than|nothing but> a copy of [other][end]',
        '<it puts [other] to shame|[other] puts it to shame>[end]',
        '[than], only <better|worse>[end]',
        'I have seen {nothing|no [film]} [+comparative][end]',
        '[it] [is] <above|below> {average|the level of [other]|what we are used to}[end]',
        '<at least as good as|not nearly as good as|in a different class from|not in the same '
        'class as> [other][end]',
        '[other] {was|is} <-good|bad>, {but |}this is {even |still |much |}<better|worse>[end]',
        'next to [other] {it|this} looks [+adjective][end]',
        'I was told it was [-comparative] than [other], {but|and yet} it [is] [+comparative][end]',
        '{much|far|a lot|even|so much|} [+comparative] than [than][end]',
        '[it] [is] {much|far|a lot|even|} [+comparative] than [than][end]',
        'the [+superlative] {of the three|of them all|of the series|[film] he has made}[end]',
        'it makes [other] look [-adjective][end]',
        '[other] [is] [-comparative] than this[end]',
        'a <step up|step down> from [other][end]',
        '<improves on|falls short of|surpasses|cannot match|outshines|pales beside> [other][end]',
        '{this|it} is <no worse|no better> than [other][end]',
        '<I would rather watch this than|I would rather watch anything than this, even> '
        '[other][end]',
        'I would <sooner|never> {see|watch} {this|it} again {than|instead of} [other][end]',
        'as [+adjective] as [other] [is] [-adjective][end]',
        'where [other] [is] [-adjective], this {one |}[is] [+adjective][end]',
        '[other] [is] [+adjective], and this is <-worse|better>, {by far|still}[end]',
        '[other] without the [-adjective] [part][end]',
        '{unlike|in contrast to} [other], {this|it} [is] [+adjective][end]',
        '{like|just like} [other], {this|it} [is] [+adjective][end]',
        'I [+liked] it {more|better} than [than][end]',
        'nobody has made [a +comparative] [film][end]',
        'the [part] [is] [+comparative] {this time|here|than before}[end]',
        '<better|worse> than [than][end]',
        '[it] [is] {much|far|even|a lot|so much|} <better|worse> than [than][end]',
        '{more|much more|far more} [+adjective] than [than][end]',
        '{less|much less|far less} [-adjective] than [than][end]',
        '[it] [is] {more|even more} [+adjective] than [than][end]',
        '[it] [is] {less|not as|not so|nowhere near as|never as} [-adjective] as [other][end]',
        'not as [-adjective] as [than][end]',
        '[other] [is] [-adjective], this [is] [+adjective][end]',
        'compared {with|to} [other] {it is|this is} [+adjective][end]',
        '{next to|compared with|beside} this, [other] looks [-adjective][end]',
        '{few|no other} [films] are {as|so|this} [+adjective][end]',
        '{nothing|no [film]} {has ever been|is|was ever} {as|so|more} [+adjective][end]',
        'the <best|worst> {[film]|thing|one} {he has made|of the year|of the series|I have '
        'seen|in years}[end]',
        'I {prefer|like} <this to [other]|this less than [other]|this more than [other]|[other] '
        'to this>[end]',
        'it has {all |}the <charm|flaws> of [other] {and more|and then some|, no doubt|}[end]',
        "I {have|'ve} {never|rarely|seldom} seen {anything|a [film]} {so|as|more} "
        '[+adjective][end]',
        '<beats|loses to> [other] in every way[end]',
        'the {others|first two} [is] [-adjective], this one [is] [+adjective][end]',
    ],
    'understatement': [
        'I could do with <more|less> of {this|it|him|her|them}[end]',
        'not a <bad|good> {way to spend an evening|use of two hours|choice|idea|start|result}{| '
        'at all}[end]',
        'there is <a lot|little> to be said for it[end]',
        'nothing to <complain about|shout about|sneeze at|write home about>[end]',
        'I was <pleasantly|unpleasantly> surprised[end]',
        'I have <no|many> regrets[end]',
        '{they|he|she} could have done <-better|worse>[end]',
        'it could hardly have been [+comparative][end]',
        "I {wouldn't|would not} {call|describe} it [-adjective][end]",
        'it is not the [-superlative] [film] {ever made|of the year|I have seen|around}[end]',
        'I <did not fall asleep|did not stay awake|stayed to the end|left before the end>[end]',
        '[it] [is] {somewhat|a bit|rather|more than a little|slightly|mildly} [+adjective][end]',
        '{one|anyone} could do {much |far |a lot |}<-better|worse>[end]',
        'not {without|free of} <charm|problems|its charms|its faults|interest|errors>[end]',
        'it has <more going for|less going for> it than most[end]',
        'my {patience|interest} <held|ran out>[end]',
        "{I was not|I wasn't|no one was|we were not} <bored|amused|sorry|impressed>[end]",
        'I have had <-better|worse> {evenings|nights out|Sundays|meals}[end]',
        "I {didn't|did not} <mind|care for> {it|her|him|the [part]}[end]",
        'it leaves <little|a lot|nothing|much> to be desired[end]',
        '<not much|quite a lot> to complain about[end]',
        '{it|he|she} has <had worse days|had better days|done worse|done better>[end]',
        '[it] [is] less than [-adjective][end]',
        "it {will not|won't} go down as [a -noun][end]",
        'this [is] no [-noun][end]',
        'no {small|little|mean} <feat|disappointment|success|failure|pleasure|pain>[end]',
        '[it] [is] not {exactly|quite|what you call} [-adjective][end]',
        "I {do not|don't} {think|believe} {many|most} people will {find|call} it [-adjective][end]",
        'it is not the [-superlative] {way to spend an evening|[film] I know|of his [films]}[end]',
        'let us {just |}say {that |}it [is] [+adjective][end]',
        'I <stayed awake|fell asleep> {easily|all the way|twice}[end]',
        'I would <not complain|think twice> if {someone|they} showed it {again|to me again}[end]',
        'it could {have been|be} <-better|worse>{| I suppose| , a lot}[end]',
        'it could {hardly|not} {have been|be} <better|worse>[end]',
        "I {have|'ve} seen {much|far|a lot|} <-better|worse>[end]",
        'I can {think of|imagine} <-better|worse> {ways|things} to {spend|do with} {an|my} '
        'evening[end]',
        'there are <-better|worse> {films|ways to spend two hours|things}[end]',
        'you could do {much|a lot|far|} <-better|worse>{| than this}[end]',
        'not {half|so|too|that|all that|the} <bad|good>{| at all| really}[end]',
        'not the <-best|worst> {[film]|thing} I have seen[end]',
        "I {wouldn't|would not} <mind|care> {seeing it again|to see it again|watching more}[end]",
        "I can't say {that |}I [-liked] it[end]",
        "I {can't|cannot|wouldn't} {say|claim} {that |}[it] [is] [-adjective][end]",
        '{he|she|it} is not {without|lacking in} <talent|problems|charm|faults|merit|flaws>[end]',
        '{hardly|not exactly|scarcely|not quite} {the|a} [-noun] {they said|I was told about|some '
        'call it|people say}[end]',
        '[it] is not {un|}<-interesting|boring|funny|dull|great|terrible>[end]',
        "it {won't|will not} {win|get} any prizes{, but|, and} I [+liked] it[end]",
        'I have {had|known} <-more|less> {fun|pleasure} {at the dentist|elsewhere|at home}[end]',
    ],
    'advice': [
        '<look no further|look elsewhere|you cannot go wrong|you have been warned>[end]',
        '{there is|I see} <every reason|no reason> to {see|watch|buy|rent} {it|this|this one}[end]',
        'you {should|must|have to} <see|avoid> {it|this|this [film]}{| at once| at all costs}[end]',
        'if you {like|love} [a +adjective] [film], <go|do not go>[end]',
        'I would <not miss|not watch> it {for the world|again for money|for anything}[end]',
        'you would be a fool to <miss|buy> it[end]',
        '{nobody|no one} should <miss|watch|skip|see> {it|this}[end]',
        '{spend|use} your {money|time} on <this|something else>[end]',
        '<see|skip> it[end]',
        '<see|skip|watch|avoid|rent|forget> {it|this|this [film]|this one}{|, please| if you '
        'can|, really}[end]',
        '<go and see it|stay at home|buy a ticket|save your money|take your friends|tell your '
        'friends to stay away>{| tonight| today}[end]',
        '<do not|do> {miss|skip|avoid|pass up} {it|this|this one}[end]',
        "{don't|do not} <miss|bother with|skip|waste your time on|overlook|watch|avoid|see> "
        '{it|this|this [film]}[end]',
        '{do yourself a favour and|please|you should|I say:|my advice:} <see|skip> {it|this '
        '[film]}[end]',
        '<worth|not worth> {your time|the money|the ticket|a look|seeing|every '
        'penny|watching}[end]',
        'it is <worth|not worth> {your time|the money|it|a look|seeing|two hours}[end]',
        '<well worth|a waste of> {your time|your money|an evening|two hours|the price}[end]',
        'a <must for every|must to avoid, even for a> fan{| of the genre| of the book}[end]',
        'I {will|would|am going to} <watch it again|never watch it again|buy it|ask for my money '
        'back|recommend it to everyone|warn everyone>[end]',
        'I <recommend|do not recommend> {it|this [film]}{| to anyone| to everyone}[end]',
        '<run to|run from> the {theatre|cinema|shop}[end]',
        '<give it a chance|give it a miss|take the kids|keep the kids away|get it now|leave it on '
        'the shelf|stay for the end|leave before the end>[end]',
        '{I would pay|pay} <to see it again|not to see it again|double|nothing>[end]',
        'if you {see|watch} only one [film] this year, <make it this one|not this one>[end]',
    ],
}
