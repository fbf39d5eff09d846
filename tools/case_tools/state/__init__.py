"""What is kept between calls and shared by processes."""
