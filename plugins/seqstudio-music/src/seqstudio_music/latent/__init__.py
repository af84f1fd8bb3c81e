"""Melodies of two bars as points of a latent space: the bridge of a variational autoencoder."""
