// Asks a model in ONNX: text to words, words to ids, ids to probabilities.
// Needs onnxruntime-web; which files of it, says docs/deploy.md.
import * as ort from './ort.wasm.min.mjs';

const FIRST_WORD_ID = 2, UNKNOWN_ID = 1;
// English words that keep the full stop after them. Moses has a longer list.
const ABBREVIATIONS = new Set(['Mr', 'Mrs', 'Ms', 'Dr', 'Prof', 'Rev', 'St', 'vs', 'Sr', 'Gen',
  'Col', 'Sgt', 'Lt', 'Capt', 'Sen', 'Rep', 'Gov', 'Hon', 'Inc', 'Ltd', 'Corp', 'Bros']);

// The texts that an ONNX file holds beside its graph, by name. Such a file is a protobuf message;
// its field 14 occurs once for each text, with a name (1) and a value (2).
export function metadataOf(bytes) {
  const found = {}, decoder = new TextDecoder();
  for (const [field, part] of fieldsOf(bytes)) {
    if (field !== 14) continue;
    const entry = Object.fromEntries(fieldsOf(part));
    found[decoder.decode(entry[1])] = JSON.parse(decoder.decode(entry[2]));
  }
  return found;
}

function* fieldsOf(bytes) {
  let at = 0;
  const number = () => {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = bytes[at++];
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = number(), field = Math.floor(tag / 8), kind = tag % 8;
    if (kind === 0) yield [field, number()];
    else if (kind === 2) {
      const length = number();
      yield [field, bytes.subarray(at, at += length)];
    } else throw new Error('this is not an ONNX file');
  }
}

// The words of a text. The Moses tokenizer's rules for English, without its rarer abbreviations.
export function wordsOf(text, settings) {
  if (settings.strip_html) text = text.replace(/<\/?[a-zA-Z][^<>]{0,1000}>/g, ' ');
  if (settings.tokenizer === 'moses') text = moses(text);
  if (settings.lowercase) text = text.toLowerCase();
  return text.split(/\s+/).filter(Boolean);
}

function moses(text) {
  text = text.replace(/\s+/g, ' ').replace(/[\0-\x1f]/g, '').trim();
  text = text.replace(/[^\p{L}\p{M}\p{N}\s.'`,-]/gu, ' $& ');
  text = text.replace(/\.{2,}/g, ' $& ');
  // A comma stays only between digits, an apostrophe only before the end of an English word.
  text = text.replace(/,(?!\p{N})|(?<!\p{N}),/gu, ' , ');
  text = text.replace(
    /(?<!\p{L})'(?!\p{L})|(?<![\p{L}\p{N}])'(?=\p{L})|(?<=\p{L})'(?!\p{L})/gu, " ' ");
  text = text.replace(/(?<=\p{L})'(?=\p{L})|(?<=\p{N})'(?=s)/gu, " '");
  const tokens = text.split(' ').filter(Boolean);
  const words = tokens.map((token, k) => withoutFullStop(token, tokens[k + 1]));
  const escapes = {'&': '&amp;', '|': '&#124;', '<': '&lt;', '>': '&gt;', "'": '&apos;',
                   '"': '&quot;', '[': '&#91;', ']': '&#93;'};
  return words.join(' ').replace(/[&|<>'"[\]]/g, (character) => escapes[character]);
}

// A word with its full stop split off, unless it is an abbreviation or the sentence goes on.
function withoutFullStop(token, next) {
  if (!/[^.]\.$/.test(token)) return token;
  const word = token.slice(0, -1);
  const goesOn = next !== undefined && /^\p{Ll}/u.test(next);
  const isShort = /^\p{Lu}$/u.test(word) || ABBREVIATIONS.has(word)
    || (word.includes('.') && /\p{L}/u.test(word));
  return goesOn || isShort ? token : word + ' .';
}

// A model: `ask(text)` is a promise of [class, probability] pairs.
export async function loadModel(url) {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status} ${answer.statusText}`);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const {words, classes, text_settings: settings} = metadataOf(bytes);
  if (settings.tokenizer === 'moses' && settings.language !== 'en') {
    throw new Error(`its texts are in the language ${settings.language}, and only the rules for `
      + 'English are here');
  }
  const ids = new Map(words.map((word, k) => [word, BigInt(k + FIRST_WORD_ID)]));
  const session = await ort.InferenceSession.create(bytes);

  async function ask(text) {
    const sequence = wordsOf(text, settings).map((word) => ids.get(word) ?? BigInt(UNKNOWN_ID));
    const {probabilities} = await session.run({
      x: new ort.Tensor('int64', BigInt64Array.from(sequence), [sequence.length, 1]),
      lengths: new ort.Tensor('int32', [sequence.length], [1])});
    return classes.map((name, k) => [name, probabilities.data[k]]);
  }
  return {ask, classes, settings};
}
