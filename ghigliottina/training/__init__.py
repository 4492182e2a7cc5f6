"""The workshop: from a recipe and endless puzzles to an adapter on the shelf."""
