"""Metadata and dependencies. Each dependency has its reason in docs/dependencies.md."""

import re
from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
PACKAGE = (ROOT / "keras_attn" / "__init__.py").read_text(encoding="utf-8")
TEST = ["pytest>=8,<10", "pytest-xdist>=3.7,<4", "ray>=2.50,<3", "selenium>=4.30,<5"]

setup(
    name="keras_attn",
    version=re.search(r'^__version__ = "(.+)"', PACKAGE, re.MULTILINE)[1],
    description="Does a network look where people look? Human and machine attention in Keras.",
    long_description=(ROOT / "README.md").read_text(encoding="utf-8"),
    long_description_content_type="text/markdown",
    license="MIT",
    license_files=["LICENSE"],
    author="The keras_attn developers",
    python_requires=">=3.11,<3.14",
    packages=find_packages(include=["keras_attn", "keras_attn.*"]),
    package_data={
        "keras_attn": [
            "py.typed",
            "report/*/*.j2",
            "exports/*.j2",
            "report/paper/*.csv",
            "report/*/*.css",
            "report/*/*.js",
            "datasets/formats/splits/*.txt",
            "weights/*.toml",
        ]
    },
    install_requires=[
        "tensorflow>=2.21,<2.22",
        "keras>=3.15.1,<3.16",
        "numpy>=2,<3",
        "scipy>=1.13,<2",
        "pandas>=2.2,<4",
        "h5py>=3.11,<3.15",
        "opencv-contrib-python-headless>=4.10,<6",
        "pillow>=11,<14",
        "matplotlib>=3.9,<4",
        "jinja2>=3.1,<4",
        "rich>=13.7,<16",
        "tyro>=1.0,<2",
        "tensorboard>=2.20,<3",
        "filelock>=3.16,<5",
        "foolbox>=3.3.4,<3.4",
        "pooch>=1.8,<2",
        "requests>=2.32,<3",
    ],
    extras_require={
        "test": TEST,
        "dev": [*TEST, "mypy>=2.4,<2.5", "ruff>=0.15,<0.18"],
        "ray": ["ray>=2.50,<3"],
        "onnx": ["onnx>=1.16,<2", "onnxruntime>=1.20,<2", "tf2onnx>=1.17,<2"],
        "cuda": ["tensorflow[and-cuda]>=2.21,<2.22"],
    },
    entry_points={"console_scripts": ["keras-attn = keras_attn.shell.cli:main"]},
    classifiers=[
        "Development Status :: 3 - Alpha",
        "Intended Audience :: Science/Research",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Artificial Intelligence",
        "Typing :: Typed",
    ],
)
