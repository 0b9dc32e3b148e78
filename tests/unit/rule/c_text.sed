# Each line as a C text.
s/[\\"]/\\&/g
s/.*/"&\\n"/
