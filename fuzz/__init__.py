"""What arbitrary bytes and odd requests must never do to a cluster; driven by hypothesis and by atheris."""
