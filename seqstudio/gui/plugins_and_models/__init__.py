"""The pages where plugins and models are inspected, installed, switched and removed."""
