#: host
#: must Could not resolve host: @w@\.invalid
curl https://@w@.invalid/@v@
#: refused
#: must (Failed to connect|Couldn't connect)
curl -sS http://127.0.0.1:9/@w@
#: protocol
#: must Protocol "@w@" not supported|Unsupported protocol|@w@.* (not supported|disabled)
curl @w@://@v@/x
#: write
#: must (No such file|Failed (to open|creat)|Failure writing|Failed writing)
echo x > a; curl -o @w@/@v@ file://$PWD/a
#: file
#: must Couldn't open file .*@w@
curl file:///srv/@w@
#: wget
#: program wget
#: must (unable to resolve host address|Name or service not known)
wget http://@w@.invalid/@n@
#: wget refused
#: program wget
#: must Connection refused
wget -t1 http://127.0.0.1:9/@w@
