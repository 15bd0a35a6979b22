"""What reviewers do: look, be asked, sign; whose signatures count."""
