"""What networks make of images and videos that nobody has scored."""
