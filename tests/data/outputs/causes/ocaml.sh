#: type error
#: program ocaml
#: must (expression has type string but an expression was expected of type|This expression has type)
printf 'let @w@ = 1 in\nprint_int (@w@ + "x")\n' > a.ml
ocaml a.ml
#: unbound value
#: program ocaml
#: must Unbound value @w@_total
printf 'let () = print_int @w@_total\n' > a.ml
ocaml a.ml
#: uncaught exception
#: program ocaml
#: must Failure.*@w@ not found
printf 'let () = failwith "@w@ not found"\n' > a.ml
ocaml a.ml
#: syntax
#: program ocaml
#: must Syntax error
printf 'let @w@ = (1 + \nlet () = print_int 3\n' > a.ml
ocamlc a.ml
#: native uncaught
#: program ocaml
#: must (Invalid_argument.*index out of bounds|index out of bounds)
printf 'let a = [|1;2|]\nlet () = Printexc.record_backtrace true; print_int a.(@n@)\n' > a.ml
ocamlc -g -o a.out a.ml && ./a.out
