"""Tables, figures and pages, made from rows and arrays. Imports neither Keras nor any model."""
