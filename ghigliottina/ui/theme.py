"""The looks: Gradio's theme in our colours and bundled fonts, our style sheet, and the little script of the page."""

import gradio as gr

from ghigliottina.settings import ASSETS
from ghigliottina.ui.markup import Html

CSS = ASSETS / "css" / "page.css"
SCRIPT = ASSETS / "js" / "page.js"
LOGO = ASSETS / "images" / "logo.svg"


def theme() -> gr.themes.Base:
    """Wine, cream and gold, by day and by night. The fonts ship inside Gradio: nothing is fetched from anywhere."""
    wine = gr.themes.Color(*_WINE, name="wine")
    sand = gr.themes.Color(*_SAND, name="sand")
    font = [gr.themes.LocalFont("IBM Plex Sans", weights=(400, 700)), "system-ui", "sans-serif"]
    mono = ["ui-monospace", "DejaVu Sans Mono", "monospace"]
    return gr.themes.Base(primary_hue=wine, secondary_hue=wine, neutral_hue=sand, font=font, font_mono=mono).set(
        body_background_fill="#fbf4e6",
        body_background_fill_dark="#160e11",
        body_text_color="#2b1a1d",
        body_text_color_dark="#f6ebdc",
        body_text_color_subdued="#6a5254",
        body_text_color_subdued_dark="#c6b1b2",
        block_background_fill="transparent",
        block_background_fill_dark="transparent",
        block_border_width="0px",
        block_border_width_dark="0px",
        block_shadow="none",
        block_shadow_dark="none",
        block_title_text_color="#6a5254",
        block_title_text_color_dark="#c6b1b2",
        block_label_text_color="#6a5254",
        block_label_text_color_dark="#c6b1b2",
        input_background_fill="#fffaf0",
        input_background_fill_dark="#241619",
        input_border_color="#a08a80",
        input_border_color_dark="#7d6266",
        button_primary_background_fill="#8c1a2f",
        button_primary_background_fill_hover="#a32239",
        button_primary_background_fill_dark="#f2b632",
        button_primary_background_fill_hover_dark="#ffca57",
        button_primary_text_color="#fff8ea",
        button_primary_text_color_dark="#2b1a06",
        button_secondary_background_fill="transparent",
        button_secondary_background_fill_dark="transparent",
        button_secondary_text_color="#6d1525",
        button_secondary_text_color_dark="#f4d9a4",
    )


def head() -> str:
    """What goes into the page's head: our style and script, written out, so that no second file has to be served.

    Not Gradio's `css`: it rewrites the selectors, and breaks those with a comma in `:is()`.
    """
    return f"<style>{CSS.read_text(encoding='utf-8')}</style><script>{SCRIPT.read_text(encoding='utf-8')}</script>"


def logo() -> Html:
    """Our sign, to be drawn inside the page."""
    return Html(LOGO.read_text(encoding="utf-8"))


_WINE = (
    "#fdf2f3", "#fbe0e3", "#f5bcc4", "#eb909d", "#dc5f72", "#c0394f", "#a32239", "#8c1a2f", "#6d1525", "#4c101b",
    "#2c0a11",
)  # fmt: skip
_SAND = (
    "#fffaf0", "#fbf4e6", "#f0e4cf", "#dfcdb6", "#b9a394", "#8d7770", "#6a5254", "#4d383c", "#38262a", "#241619",
    "#160e11",
)  # fmt: skip
