"""What comes to be a file's name or a line of a list leads nowhere else and stays one line."""

import numpy as np
import pytest
from conftest import refused

from keras_attn.datasets import Example, GazeDataset, VideoExample, names
from keras_attn.datasets.readers.reading_report import ReadingReport

OUT = ("../x", "a/../../x", "/etc/x", "..", "..\\x", "C:\\x", "C:x", "\\x")
LINES = ("a\nb", "a\rb", "a\0b", "a\x1b[2Jb", "a\u2028b")
GOOD = ("dog", "a/b", "été 3", "v..1", "frame_00001.v2", "犬", "..a")


def example(name):
    return Example(name, "dog.jpg", (4, 6), np.zeros((0, 2)), [])


def dataset(name, **options):
    return GazeDataset(name, (example("dog"),), ReadingReport(), **options)


def video(name):
    return VideoExample(name, 1, (4, 6), ([],), ([],), (0,))


@pytest.mark.parametrize("name", OUT + LINES)
def test_an_id_that_leads_out_of_a_folder_or_ends_a_line_is_refused(name):
    with refused("id", received=repr(name)):
        example(name)
    with refused("id", received=repr(name)):
        video(name)


@pytest.mark.parametrize("name", GOOD)
def test_other_ids_are_taken_with_folders_and_of_any_script(name):
    assert example(name).id == name
    assert video(name).id == name


@pytest.mark.parametrize("name", ("", "a/b", "..", "a\\b", "a\nb"))
def test_the_name_of_a_dataset_is_one_of_a_file(name):
    with refused("name", received=repr(name)):
        dataset(name)


def test_the_name_of_a_class_is_one_line():
    with refused("classes", received=repr("a\nb")):
        dataset("mine", classes=("a\nb",))


def test_a_single_dot_is_no_file():
    with refused("here", received="'.'"):
        names.check_file(".", "here")
