"""The page. Gradio only; what it shows is made by `render`, what it says is in `text`."""
