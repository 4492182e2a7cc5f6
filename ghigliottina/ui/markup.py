"""HTML that can't be injected into: every plain string is escaped, only what `tag` made is taken as it is."""

from html import escape


class Html(str):
    """Markup that is safe to insert: made by `tag` and `join` only, or read from our own files."""

    __slots__ = ()


def tag(name: str, /, *content: str, **attributes: object) -> Html:
    """One element. Plain strings in it, and all attribute values, are escaped.

    `class_` stands for class, `aria_label` for aria-label; True is a bare attribute, None and False are left out.

    >>> tag("b", "1 < 2", class_="x", hidden=True)
    '<b class="x" hidden>1 &lt; 2</b>'
    """
    written = "".join(
        f" {key.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escape(str(value))}"')
        for key, value in attributes.items()
        if value is not None and value is not False
    )
    return Html(f"<{name}{written}>{join(*content)}</{name}>")


def join(*parts: str) -> Html:
    """One piece of markup after the other."""
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts))
