"""Piano rolls: frames of 88 keys, modelled with their exact likelihood."""
