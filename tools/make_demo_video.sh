#!/bin/sh
# Make the demo's video anew: a dot that grows for four seconds and shrinks for six, twice, over a soft tone.
# Needs ffmpeg with libvpx-vp9 and libopus. What it makes is our own work, under the project's licence.
set -eu
folder="$(dirname "$0")/../cohorts/roster/demo"
# How far the breath is: 0 empty, 1 full; in for 4 s, out for 6 s.
breath="if(lt(mod(T,10),4),(1-cos(PI*mod(T,10)/4))/2,(1+cos(PI*(mod(T,10)-4)/6))/2)"
tone="if(lt(mod(t,10),4),(1-cos(PI*mod(t,10)/4))/2,(1+cos(PI*(mod(t,10)-4)/6))/2)"
inside="clip(28+44*($breath)-hypot(X-160,Y-90)+0.5,0,1)"
ffmpeg -v error -y -fflags +bitexact \
  -f lavfi -i "nullsrc=size=320x180:rate=10:duration=20,format=yuv420p,geq=lum='28+150*$inside':cb='128+8*clip(28+44*($breath)-hypot(2*X-160,2*Y-90)+0.5,0,1)':cr='128-20*clip(28+44*($breath)-hypot(2*X-160,2*Y-90)+0.5,0,1)'" \
  -f lavfi -i "aevalsrc='0.1*sin(2*PI*220*t)*($tone)':s=48000:d=20" \
  -c:v libvpx-vp9 -crf 42 -b:v 0 -row-mt 0 -threads 1 -c:a libopus -b:a 16k -ac 1 \
  -flags:v +bitexact -flags:a +bitexact -map_metadata -1 "$folder/two-slow-breaths.webm"
ls -l "$folder/two-slow-breaths.webm"
