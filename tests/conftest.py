"""Lets the tests import the modules, which lie flat in the folder above."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
