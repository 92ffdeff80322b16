module list

go 1.24
