"""Language models behind a one-method seam, and the checkpoints they are made of."""
