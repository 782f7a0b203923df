"""How the line model's weights are made: `python -m training.fit`. Not part of the installed package."""
