"""The game itself: pure, standard library only."""
