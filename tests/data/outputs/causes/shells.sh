#: division
#: program awk
#: must division by zero
printf '1 0\n' | awk '{print @n@/$2}'
#: syntax
#: program awk
#: must (syntax error|unterminated string)
awk 'BEGIN { print "@w@ }' </dev/null
#: unknown command
#: program sed
#: must unterminated `s' command
sed 's/@w@/x' /etc/passwd
#: no file
#: program sed
#: must can't read (\./)?@w@\.txt: No such file
sed -n 1p @w@.txt || exit 2; sed -i s/a/b/ @w@.txt
#: strict unset
#: program bash-strict
#: must @W@: unbound variable
set -euo pipefail
echo "begin"
run() { local t=$1; echo "$t $@W@"; }
run @n@
#: strict pipeline with trap
#: program bash-strict
#: must /nonexistent/@w@: No such file
set -Eeuo pipefail
trap 'echo "failed on line $LINENO: $BASH_COMMAND" >&2' ERR
echo begin
cat /nonexistent/@w@ | sort | uniq -c
#: xtrace
#: program bash-strict
#: must cp: cannot stat '@w@.csv'
set -ex
mkdir -p out
cp @w@.csv out/
#: missing interpreter
#: program bash-strict
#: must (bad interpreter|No such file|not found|cannot execute)
printf '#!/opt/@w@/bin/python\nprint(1)\n' > a.sh; chmod +x a.sh
./a.sh
#: parallel make
#: program make-j
#: must (@w@\.c|undeclared|@v@_total)
printf 'all: a.o b.o c.o\n%%.o: %%.c\n\tgcc -c $<\n' > Makefile
printf 'int a;\n' > a.c; printf 'int f(void){return @v@_total;}\n' > b.c; printf 'int c;\n' > c.c
make -j4
#: find
#: program find
#: must /nonexistent/\w+\W?: No such file
find /nonexistent/@w@ -name x
#: xargs
#: program xargs
#: must (ls: cannot access '@w@)
echo @w@ | xargs ls
#: dd
#: program dd
#: must failed to open '/nonexistent/@w@'
dd if=/nonexistent/@w@ of=x bs=1k count=1
#: mount
#: program mount
#: must (mount point does not exist|does not exist|special device)
mount /dev/@w@ /mnt/nonexist
#: su
#: program su
#: must user @w@ does not exist
su - @w@ -c true
#: nohup
#: program nohup
#: must failed to run command '@w@-tool'
nohup @w@-tool run
#: docker without daemon
#: program docker
#: must (Cannot connect to the Docker daemon|failed to connect)
DOCKER_HOST=tcp://127.0.0.1:@x@ docker run --rm @w@:@m@ true
#: docker unknown flag
#: program docker
#: must unknown flag: --@w@
docker run --@w@ x
#: kubectl refused
#: program kubectl
#: must (connection to the server 127.0.0.1:@x@ was refused|connection refused)
kubectl --server=http://127.0.0.1:@x@ get pods -n @w@
#: kubectl no file
#: program kubectl
#: must (path "@w@.yaml" does not exist|@w@.yaml)
kubectl apply -f @w@.yaml
#: redis refused
#: program redis-cli
#: must Could not connect to Redis at 127.0.0.1:@x@: Connection refused
redis-cli -p @x@ get @w@
#: leak
#: program valgrind
#: must (Invalid write|Invalid read|Process terminating|Access not within mapped region|SIGSEGV)
printf 'int main(){int*p=0; *p=@n@; return 0;}\n' > a.c; gcc -g -o a.out a.c && valgrind ./a.out
#: overflow
#: program asan
#: must (heap-buffer-overflow)
printf '#include <stdlib.h>\nint main(int c,char**v){char*p=malloc(@m@); p[@m@+c-1]=1; return p[0];}\n' > a.c; gcc -g -fsanitize=address -o a.out a.c && ./a.out
#: undefined behaviour
#: program ubsan
#: must (signed integer overflow)
printf '#include <limits.h>\nint main(int c,char**v){int x=INT_MAX; x+=c; return x;}\n' > a.c; gcc -g -fsanitize=undefined -fno-sanitize-recover -o a.out a.c && ./a.out
#: ninja missing
#: program ninja
#: must ('@w@\.c', needed by|missing and no known rule)
printf 'rule cc\n  command = gcc -c $in -o $out\nbuild a.o: cc @w@.c\n' > build.ninja
ninja
#: ninja command fails
#: program ninja
#: must (undeclared|@v@_total)
printf 'rule cc\n  command = gcc -c $in -o $out\nbuild a.o: cc a.c\n' > build.ninja; printf 'int f(void){return @v@_total;}\n' > a.c
ninja
#: yaml
#: program yq
#: must (parser|yaml|mapping values|bad file|did not find|expected)
printf 'a: b: @w@\n' > a.yaml
yq . a.yaml
