# A worker that has little to do and leaves at once when asked to.
trap 'echo "$WORKER goes home"; exit 0' TERM
echo "$WORKER is at work"
while :; do
    sleep 60 &
    wait $!
done
