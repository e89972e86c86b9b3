#: raises
#: program elixir
#: must RuntimeError\) @w@ table is stale
cat > a.exs <<'E'
defmodule Load do
  def run(x), do: raise "@w@ table is stale: #{x}"
end
Load.run(@n@)
E
elixir a.exs
#: no function clause
#: program elixir
#: must no function clause matching in @W@\.run/1
cat > a.exs <<'E'
defmodule @W@ do
  def run(:ok), do: 1
end
@W@.run({:error, :@v@})
E
elixir a.exs
#: undefined function at compile time
#: program elixir
#: must undefined function @w@_total/1
cat > a.exs <<'E'
defmodule Load do
  def run(x), do: @w@_total(x)
end
Load.run(1)
E
elixir a.exs
#: match error
#: program elixir
#: must MatchError.*no match of right hand side value
cat > a.exs <<'E'
{:ok, _} = File.read("/nonexistent/@w@.csv")
E
elixir a.exs
#: test fails
#: program ex_unit
#: must (test @w@ adds up|Assertion with == failed)
cat > a.exs <<'E'
ExUnit.start()
defmodule SumTest do
  use ExUnit.Case
  test "@w@ adds up" do
    assert @n@ + 1 == @m@
  end
  test "fine" do
    assert true
  end
end
E
elixir a.exs
#: genserver crash logged
#: program elixir
#: must (GenServer|ArithmeticError|bad argument in arithmetic)
cat > a.exs <<'E'
defmodule S do
  use GenServer
  def init(x), do: {:ok, x}
  def handle_call(:go, _f, x), do: {:reply, 1 / x, x}
end
{:ok, p} = GenServer.start(S, 0)
GenServer.call(p, :go)
E
elixir a.exs
#: badmatch
#: program erlang
#: must (badmatch|no match of right hand side)
erl -noshell -eval '{ok, _} = file:read_file("/nonexistent/@w@"), halt(0).' -s init stop
#: syntax error in module
#: program erlang
#: must syntax error before
printf -- '-module(a).\n-export([run/0]).\nrun() -> @w@(,1).\n' > a.erl
erlc a.erl
#: unbound variable
#: program erlang
#: must variable '@W@' is unbound
printf -- '-module(a).\n-export([run/0]).\nrun() -> @W@ + 1.\n' > a.erl
erlc a.erl
