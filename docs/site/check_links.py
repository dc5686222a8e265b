"""Check the links within the built site: ``python docs/site/check_links.py build/site``.

Each link must lead to a file of the site, and to a place in it if it names one. A page must load
nothing from another host. Links to other hosts are for ``make linkcheck``.
"""
import os
import sys
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The places, the links and the loaded files of a page."""

    def __init__(self, path):
        super().__init__()
        self.path, self.places, self.links, self.loaded = path, set(), [], []
        with open(path, encoding='utf-8') as stream:
            self.feed(stream.read())

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.places.update(value for value in (found.get('id'), found.get('name')) if value)
        if 'href' in found:
            (self.links if tag == 'a' else self.loaded).append(found['href'])
        if 'src' in found:
            self.loaded.append(found['src'])

    def target(self, url):
        """The file that a URL of this site leads to."""
        path = unquote(urlsplit(url).path)
        return os.path.normpath(os.path.join(os.path.dirname(self.path), path)) if path else (
            self.path)


def pages_in(site):
    """The pages of a built site, by their paths."""
    paths = (os.path.join(folder, name) for folder, _, names in os.walk(site)
             for name in names if name.endswith('.html'))
    return {os.path.normpath(path): Page(os.path.normpath(path)) for path in paths}


def problems(pages):
    """Yield a line for each link that leads nowhere, and each file of another host."""
    for page in pages.values():
        for url in page.links + page.loaded:
            parts = urlsplit(url)
            if parts.scheme or parts.netloc:
                if url in page.loaded and parts.scheme != 'data':
                    yield '%s loads %s' % (page.path, url)
                continue
            target, place = page.target(url), unquote(parts.fragment)
            if not os.path.exists(target):
                yield '%s links to %s, which is missing' % (page.path, url)
            elif place and target in pages and place not in pages[target].places:
                yield '%s links to %s, which has no such place' % (page.path, url)


def main():
    pages = pages_in(sys.argv[1])
    found = list(problems(pages))
    print('\n'.join(found + ['%d pages, %d links, %d problems' % (
        len(pages), sum(len(page.links) for page in pages.values()), len(found))]))
    return 1 if found or not pages else 0


if __name__ == '__main__':
    sys.exit(main())
