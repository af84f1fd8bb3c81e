"""Takes: compared, played, accepted, dragged out and generated again."""
