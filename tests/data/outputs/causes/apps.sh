#: session fails
#: program nox
#: must (@w@ is not ready|exit code|failed)
printf 'import nox\n@nox.session(venv_backend="none")\ndef @w@(session):\n    session.run("python3", "-c", "import sys; sys.exit(\x27ValueError: @w@ is not ready\x27)", external=True)\n' > noxfile.py
nox -s @w@
#: no noxfile
#: program nox
#: must (noxfile\.py not found|No such file)
nox -s @w@
#: workflow
#: program snakemake
#: must (Missing input files|@w@\.csv)
printf 'rule all:\n    input: "@w@.csv"\n' > Snakefile
snakemake -c1
#: refused
#: program httpie
#: must (Connection refused|Max retries)
http --ignore-stdin GET http://127.0.0.1:@x@/@w@
#: test fails
#: program robot
#: must (No keyword with name|@w@ Total)
printf '*** Test Cases ***\nFirst\n    @w@ Total    @n@\n' > a.robot
robot a.robot
#: no credentials
#: program aws
#: must (Unable to locate credentials|could not connect|NoCredentials|Could not)
AWS_EC2_METADATA_DISABLED=true AWS_DEFAULT_REGION=eu-west-1 aws s3 ls s3://@w@
#: bad parameter
#: program aws
#: must (Invalid choice|invalid choice|argument)
aws s3 @w@
#: no config
#: program sphinx-build
#: must (conf\.py|config directory)
sphinx-build . out
#: validation
#: program pydantic
#: must (validation error for @W@|Input should be a valid integer)
printf 'from pydantic import BaseModel\nclass @W@(BaseModel):\n    @v@: int\n@W@(@v@="x")\n' > a.py
python3 a.py
