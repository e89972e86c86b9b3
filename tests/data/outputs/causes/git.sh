#: no repository
#: must not a git repository
git -C / log -@m@ -- @w@
#: unknown revision
#: must ambiguous argument '@w@'
git init -q .; git log @w@ 
#: an unknown command
#: must '@w@' is not a git command
git @w@
#: pathspec
#: must pathspec '@w@' did not match
git init -q .; git checkout @w@
#: push rejected
#: must (rejected|failed to push some refs)
git init -q --bare r.git; git clone -q r.git a 2>/dev/null; git clone -q r.git b 2>/dev/null; for d in a b; do (cd $d; git config user.email a@b; git config user.name a; echo $d > @w@; git add .; git commit -qm $d); done; (cd a; git push -q origin HEAD:main); cd b; git push origin HEAD:main
#: merge conflict
#: must (CONFLICT|Automatic merge failed)
git init -q -b main .; git config user.email a@b; git config user.name a; echo 1 > @w@; git add .; git commit -qm 1; git checkout -qb x; echo 2 > @w@; git commit -qam 2; git checkout -q main; echo 3 > @w@; git commit -qam 3; git merge x
#: local changes
#: must Your local changes to the following files would be overwritten
git init -q -b main .; git config user.email a@b; git config user.name a; echo 1 > @w@; git add .; git commit -qm 1; git checkout -qb x; echo 2 > @w@; git commit -qam 2; git checkout -q main; echo 3 > @w@; git checkout x
#: clone of nothing
#: must repository '.*@w@(\.git)?' does not exist|does not appear to be a git repository
git clone ./@w@.git; exit 128
#: apply
#: must (patch failed: @w@:1|patch does not apply)
git init -q .; printf 'a\nb\n' > @w@; printf -- '--- a/@w@\n+++ b/@w@\n@@ -1,2 +1,2 @@\n-x\n+y\n b\n' > p; git apply p
