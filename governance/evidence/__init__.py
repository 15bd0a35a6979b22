"""What a submission rests on: gates, the subjects they look at, the statement that is signed."""
