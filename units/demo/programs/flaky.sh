# Lives for three to ten seconds, then fails.
life=$(( $(od -An -N1 -tu1 /dev/urandom) % 8 + 3 ))
echo "will last $life seconds"
sleep "$life"
echo "crashing, as promised" >&2
exit 3
