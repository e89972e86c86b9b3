#: panic
#: must panic: @w@ table missing
printf 'package main\nfunc main() { panic("@w@ table missing") }\n' > a.go; go run a.go
#: undefined
#: must undefined: @w@
printf 'package main\nimport "fmt"\nfunc main() { fmt.Println(@w@, @n@) }\n' > a.go; go run a.go
#: nil map
#: must panic: (assignment to entry in nil map|runtime error)
printf 'package main\nvar @w@ map[string]int\nfunc main() { @w@["a"] = @n@ }\n' > a.go; go run a.go
#: log fatal
#: must no @w@ for order @n@
printf 'package main\nimport "log"\nfunc main() { log.Println("start"); log.Fatalf("no @w@ for order %%d", @n@) }\n' > a.go; go run a.go
#: test fails
#: must (@w@ is 2, not @n@|Test@W@)
printf 'module app\ngo 1.19\n' > go.mod; printf 'package app\nimport "testing"\nfunc Test@W@(t *testing.T) { if 1+1 != @n@ { t.Errorf("@w@ is %%d, not @n@", 2) } }\nfunc TestOk(t *testing.T) {}\n' > a_test.go; go test ./...
#: nil pointer
#: must (nil pointer dereference|invalid memory address)
printf 'package main\ntype T struct{ @w@ int }\nfunc main() { var t *T; println(t.@w@) }\n' > a.go; go build -o a a.go && ./a
#: deadlock
#: must all goroutines are asleep
printf 'package main\nfunc main() { @w@ := make(chan int); <-@w@ }\n' > a.go; go build -o a a.go && ./a
#: unused import
#: must (imported and not used|declared (and|but) not used)
printf 'package main\nimport "os"\nfunc main() { @w@ := 1 }\n' > a.go; go vet a.go
#: error panic
#: must open @w@\.csv: no such file
printf 'package main\nimport "os"\nfunc main() { _, err := os.Open("@w@.csv"); if err != nil { panic(err) } }\n' > a.go; go build -o a a.go && ./a
#: package that is not there
#: must (package @w@/@v@ is not in|no required module|cannot find)
printf 'module app\ngo 1.19\n' > go.mod; printf 'package main\nimport _ "@w@/@v@"\nfunc main() {}\n' > a.go; go build ./...
