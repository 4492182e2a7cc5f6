"""What Italians say: words, the phrases that link them, and the ranking of answers to five clues."""
