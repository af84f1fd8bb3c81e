"""Hard constraints: rules that every result meets, as automata intersected with the model."""
