#: mypy types
#: program mypy
#: must error: .*(Incompatible|Argument|Unsupported)
#: not ^Found
printf 'def f(a: int) -> str:\n    return a\nf("@w@")\nx: int = "@v@"\n' > a.py; mypy a.py
#: mypy import
#: program mypy
#: must Cannot find implementation or library stub for module named "@w@_@v@"
#: not ^Found|note:
printf 'import @w@_@v@\n' > a.py; mypy a.py
#: mypy no file
#: program mypy
#: must (can't read file '@w@\.py'|@w@\.py: error: Cannot read file)
mypy @w@.py
#: mypy syntax
#: program mypy
#: must error: .*(syntax|'\(' was never closed)
printf 'x = (1\nprint("@w@")\n' > a.py; mypy a.py
#: ruff unused
#: program ruff
#: must F401 .*@w@.*imported but unused
#: not ^Found|fixable
printf 'import @w@\nx = 1\n' > a.py; ruff check a.py --no-cache
#: ruff undefined
#: program ruff
#: must F821 .*Undefined name .@w@.
#: not ^Found
printf 'def f():\n    return @w@\n' > a.py; ruff check --no-cache --output-format=concise a.py
#: ruff syntax
#: program ruff
#: must (SyntaxError|invalid-syntax|Expected)
#: not ^Found
printf 'x = (1\nprint("@w@"\n' > a.py; ruff check --no-cache a.py
#: ruff format
#: program ruff
#: must (Would reformat: @w@\.py|File would be reformatted)
#: not ^1 file would
printf 'x = {  "a":1 }\n' > @w@.py; ruff format --no-cache --check @w@.py
#: ruff config
#: program ruff
#: must (unknown field|Failed to parse|TOML parse error).*
printf '[tool.ruff]\n@w@ = 1\n' > pyproject.toml; echo 'x = 1' > a.py; ruff check --no-cache a.py
#: flake8
#: program flake8
#: must (F821 undefined name '@w@'|E225|F401)
printf 'import os\nx=1\nprint(@w@)\n' > a.py; flake8 a.py
#: pylint
#: program pylint
#: must (undefined-variable|E0602).*|Undefined variable '@w@'
#: not rated at
printf '"""Doc."""\nprint(@w@)\n' > a.py; pylint a.py
#: black
#: program black
#: must (Cannot parse|cannot format|would reformat)
#: not Oh no|^1 file
printf 'x = (@w@ 1\n' > a.py; black --check a.py
#: yamllint
#: program yamllint
#: must error .*(syntax|mapping|duplicat)
printf 'a: 1\na: @w@\n' > a.yaml; yamllint a.yaml
#: sqlfluff
#: program sqlfluff
#: must [LA-Z]{2}\d\d .*|PRS
printf 'SELECT a,b FROM @w@ WHERE\n' > a.sql; sqlfluff lint --dialect ansi a.sql
#: click
#: program click
#: must (No such option|Missing option|is not a valid integer|Invalid value)
#: not Try '
printf 'import click\n@click.command()\n@click.option("--@w@", type=int, required=True)\ndef go(@w@): pass\ngo()\n' > a.py; python3 a.py --@w@ x@n@
#: typer
#: program typer
#: must (No such option|Missing argument|Invalid value)
printf 'import typer\ndef go(@w@: int): pass\ntyper.run(go)\n' > a.py; python3 a.py x@n@
