"""The one entrance: `python app.py` opens the page; `python app.py solve …` and its sisters work without it."""

from ghigliottina.cli import main

if __name__ == "__main__":
    main()
