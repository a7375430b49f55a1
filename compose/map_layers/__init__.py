"""Map layers that an agency brings: from files of any kind to tiles that the page draws."""
