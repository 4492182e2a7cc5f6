"""A look at a piece of HTML as a browser would take it."""

from html.parser import HTMLParser


class Elements(HTMLParser):
    """Every element and attribute of a piece of HTML, and whether it is well nested."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.open = [], [], []
        self.feed(html)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attributes]
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
