#: terraform reference
#: program terraform
#: must Reference to undeclared (resource|input variable)
printf 'output "@w@" {\n  value = var.@v@\n}\n' > main.tf; terraform init -no-color > /dev/null; terraform validate -no-color
#: terraform syntax
#: program terraform
#: must (Invalid|Missing|Unsupported|Unclosed|Argument|Terraform encountered problems)
printf 'output "@w@" {\n  value = \n}\n' > main.tf; terraform init -no-color
#: terraform argument
#: program terraform
#: must Unsupported (argument|block type)
printf 'output "@w@" {\n  value = 1\n  @v@ = 2\n}\n' > main.tf; terraform init > /dev/null; terraform validate
#: terraform provider
#: program terraform
#: must (Failed to query available provider packages|Could not retrieve)
printf 'terraform {\n  required_providers {\n    @w@ = {\n      source = "@w@/@v@"\n    }\n  }\n}\n' > main.tf; terraform init -no-color
#: terraform no configuration
#: program terraform
#: must (No configuration files|Missing required)
terraform plan -no-color
#: terraform missing variable
#: program terraform
#: must (No value for required variable)
printf 'variable "@w@" {}\noutput "a" {\n  value = var.@w@\n}\n' > main.tf; terraform init -no-color > /dev/null; terraform plan -input=false -no-color
#: ansible task
#: program ansible
#: must (fatal: \[localhost\]: FAILED|no @w@ for @n@|non-zero return code|Task failed)
#: not PLAY RECAP|failed=1
printf -- '- hosts: localhost\n  gather_facts: false\n  tasks:\n    - name: load @v@\n      ansible.builtin.fail:\n        msg: no @w@ for @n@\n' > p.yml; ansible-playbook p.yml
#: ansible syntax
#: program ansible
#: must (couldn't resolve module/action '@w@'|unable to load|conflicting action)
printf -- '- hosts: localhost\n  tasks:\n    - @w@:\n        name: x\n' > p.yml; ansible-playbook p.yml
#: ansible variable
#: program ansible
#: must ('@w@' is undefined|undefined variable)
#: not failed=1
printf -- '- hosts: localhost\n  gather_facts: false\n  tasks:\n    - debug: msg="{{ @w@ }}"\n' > p.yml; ansible-playbook p.yml
#: ansible missing playbook
#: program ansible
#: must playbook: @w@\.yml could not be found
ansible-playbook @w@.yml
#: docker daemon
#: program docker
#: must Cannot connect to the Docker daemon|failed to connect to the docker API
docker -H unix:///run/@w@.sock ps
#: docker command
#: program docker
#: must '?@w@'? is not a docker command|unknown command
docker @w@
#: kubectl
#: program kubectl
#: must (connection refused|was refused|connect)
kubectl --server=http://127.0.0.1:9 get @w@
#: alembic
#: program alembic
#: must (No 'script_location' key|No config file '?alembic)
alembic -c @w@.ini upgrade head
#: alembic revision
#: program alembic
#: must Can't locate revision identified by '@w@'
alembic -q init m > /dev/null 2>&1 || alembic init m > /dev/null; sed -i 's#^sqlalchemy.url.*#sqlalchemy.url = sqlite:///a.db#' alembic.ini; alembic upgrade @w@
#: dbt
#: program dbt
#: must (No dbt_project.yml found|not find)
dbt --no-send-anonymous-usage-stats run --select @w@ --profiles-dir .
#: dbt model
#: program dbt
#: must (no such table: @w@|Database Error in model @v@|near)
#: not Done\. PASS
mkdir models; printf "name: app\nversion: '1.0'\nprofile: app\nmodel-paths: [models]\n" > dbt_project.yml; printf "app:\n  target: dev\n  outputs:\n    dev:\n      type: sqlite\n      threads: 1\n      database: db\n      schema: main\n      schemas_and_paths:\n        main: a.db\n      schema_directory: .\n" > profiles.yml; printf "select * from @w@\n" > models/@v@.sql; dbt --no-send-anonymous-usage-stats --no-use-colors run --profiles-dir .
#: invoke
#: program invoke
#: must (No idea what '@w@' is|Can't find any collection)
printf 'from invoke import task\n@task\ndef a(c): pass\n' > tasks.py; invoke @w@
#: invoke run
#: program invoke
#: must (no @w@ here|bad command exit code|Exit code)
printf 'from invoke import task\n@task\ndef a(c):\n    c.run("echo no @w@ here >&2; exit 4")\n' > tasks.py; invoke a
#: pip nothing
#: program pip
#: must (No matching distribution found|Could not find a version)
#: not notice
python3 -m pip install --no-index @w@-@v@==@n@.0
#: pip file
#: program pip
#: must Could not open requirements file: .*@w@\.txt
python3 -m pip install -r @w@.txt
#: pip requirement
#: program pip
#: must Invalid requirement
echo '@w@ === = 3' > r.txt; python3 -m pip install --no-index -r r.txt
#: behave
#: program behave
#: must (AssertionError|ASSERT FAILED|@w@ is wrong|Failing scenarios|features/a\.feature:\d+)
#: not ^Took|steps? passed
mkdir -p features/steps; printf 'Feature: @v@\n  Scenario: count @w@\n    Given a @w@\n' > features/a.feature; printf "from behave import given\n@given('a @w@')\ndef step(context):\n    assert 1 == @n@, '@w@ is wrong'\n" > features/steps/a.py; behave
#: luigi
#: program luigi
#: must (ValueError: no @w@|no @w@ @n@)
#: not This progress looks
printf 'import luigi\nclass Load(luigi.Task):\n    def run(self):\n        raise ValueError("no @w@ @n@")\nimport sys\nif not luigi.build([Load()], local_scheduler=True, log_level="INFO"): sys.exit(1)\n' > a.py; python3 a.py
#: tox
#: program tox
#: must (No loadable tox.ini|provided environments not found)
tox -e @w@
