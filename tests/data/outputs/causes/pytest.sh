#: assertion
#: must (assert .*@n@|AssertionError|FAILED t_a\.py::test_@w@)
#: not ^=+ .*(failed|short test summary)
printf 'def total():\n    return 1\ndef test_@w@():\n    assert total() == @n@\ndef test_ok():\n    pass\n' > t_a.py; pytest t_a.py
#: exception quiet
#: must (KeyError: '@w@'|FAILED t_a\.py::test_@v@)
printf 'def test_@v@():\n    {}["@w@"]\n' > t_a.py; pytest -q t_a.py
#: collection
#: must (No module named '@w@_@v@'|ERROR t_a\.py)
#: not Interrupted
printf 'import @w@_@v@\ndef test_a():\n    pass\n' > t_a.py; pytest t_a.py
#: fixture
#: must fixture '@w@' not found|ERROR t_a\.py::test_@v@
printf 'def test_@v@(@w@):\n    pass\n' > t_a.py; pytest t_a.py
#: no tests
#: must no tests ran|collected 0 items
printf 'x = 1\n' > t_@w@.py; pytest t_@w@.py
#: no file
#: must file or directory not found: t_@w@\.py
pytest t_@w@.py
#: several
#: must (assert |FAILED t_a\.py::test_[ab])
#: not ^=+ .*failed
printf 'import pytest\ndef test_a():\n    assert "@w@" == "@v@"\ndef test_b():\n    raise ValueError("@w@ @n@")\ndef test_c():\n    import warnings; warnings.warn("old @w@", DeprecationWarning)\n' > t_a.py; pytest -ra t_a.py
#: unittest
#: program unittest
#: must (AssertionError: 1 != @n@|FAIL: test_@w@)
printf 'import unittest\nclass T(unittest.TestCase):\n    def test_@w@(self):\n        self.assertEqual(1, @n@)\n    def test_ok(self):\n        pass\n' > t_a.py; python3 -m unittest t_a
#: unittest error
#: program unittest
#: must (KeyError: '@v@'|ERROR: test_@w@)
printf 'import unittest\nclass T(unittest.TestCase):\n    def test_@w@(self):\n        {}["@v@"]\n' > t_a.py; python3 -m unittest -v t_a
