"""Tables of the study beside the paper's."""
