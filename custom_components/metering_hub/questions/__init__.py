"""What a person is asked, and says, about single points."""
