#: relation
#: program psql
#: must relation "@w@" does not exist
#: not ^LINE
psql -v ON_ERROR_STOP=1 -c 'SELECT * FROM @w@ WHERE @v@ = @n@'
#: duplicate
#: program psql
#: must duplicate key value violates unique constraint
#: not ^DETAIL
psql -v ON_ERROR_STOP=1 -q -c 'CREATE TEMP TABLE @w@ (id int PRIMARY KEY); INSERT INTO @w@ VALUES (@n@); INSERT INTO @w@ VALUES (@n@)'
#: function hint
#: program psql
#: must function @w@\(.*\) does not exist
#: not ^HINT
psql -v ON_ERROR_STOP=1 -c 'SELECT @w@(@n@)'
#: context
#: program psql
#: must (@w@ is empty|division by zero)
#: not ^CONTEXT
printf "CREATE FUNCTION pg_temp.@v@() RETURNS void LANGUAGE plpgsql AS \$\$ BEGIN RAISE EXCEPTION '@w@ is empty' USING HINT = 'fill it', DETAIL = 'rows: 0'; END \$\$;\nSELECT pg_temp.@v@();\n" > a.sql; psql -v ON_ERROR_STOP=1 -q -f a.sql
#: syntax
#: program psql
#: must syntax error at or near
printf "SELECT 1;\nSELEC @w@;\n" > a.sql; psql -v ON_ERROR_STOP=1 -f a.sql
#: no database
#: program psql
#: must database "@w@_@n@" does not exist
psql -d @w@_@n@ -c 'SELECT 1'
#: refused
#: program psql
#: must Connection refused
#: not Is the server running
psql -h 127.0.0.1 -p @x@ -c 'SELECT 1'
#: no table
#: program sqlite3
#: must no such table: @w@
printf 'SELECT 1;\nSELECT * FROM @w@;\n' | sqlite3 -bail a.db
#: no column
#: program sqlite3
#: must no such column: @w@
sqlite3 a.db 'SELECT @w@ FROM sqlite_master'
#: constraint
#: program sqlite3
#: must (UNIQUE|NOT NULL|CHECK) constraint failed
sqlite3 a.db 'CREATE TABLE @w@ (a INTEGER UNIQUE); INSERT INTO @w@ VALUES (@n@); INSERT INTO @w@ VALUES (@n@);'
#: a file that is no database
#: program sqlite3
#: must file is not a database
yes @w@ | head -n 2000 > a.db; sqlite3 a.db .tables
#: refused mysql
#: program mysql
#: must (ERROR 2\d{3} .*Can't connect|Can.t connect)
mysql -h 127.0.0.1 -P @x@ -u @w@ -e 'SELECT 1'
#: option mysql
#: program mysql
#: must unknown option '--@w@'
mysql --no-defaults --@w@ -e 'SELECT 1'
