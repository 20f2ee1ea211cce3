"""Who may send what over a socket, by the columns and the people of `table`. Written by hand, as that is.

A row needs the scope of its event where somebody is here by a personal API token.
"""

from __future__ import annotations

SOCKETS = """
                                           out  lrn  peer else ment fac  fac2 lead lead2 adm
space:open  {room}                         missing ok ok missing ok ok missing ok missing missing
space:open  {pair_room}                    missing ok missing missing ok missing missing missing missing missing
space:open  {learner}                      missing ok missing missing missing missing missing missing missing missing
space:open  {board}                        missing ok ok missing ok ok missing ok missing missing
space:open  {thread}                       missing ok ok missing ok ok missing ok missing missing
space:open  {academy_thread}               missing ok ok ok ok ok ok ok missing missing
space:sync  {board}                        missing ok ok missing ok ok missing ok missing missing
space:sync  {thread}                       missing ok ok missing ok ok missing ok missing missing
read:set    {thread}                       missing ok ok missing ok ok missing ok missing missing
post:send   {thread}                       missing ok ok missing ok ok missing ok missing missing
post:react  {answer}                       missing ok ok missing ok ok missing ok missing missing
space:sync  {room}                         missing ok ok missing ok ok missing ok missing missing
space:sync  {pair_room}                    missing ok missing missing ok missing missing missing missing missing
space:sync  {learner}                      missing ok missing missing missing missing missing missing missing missing
space:close {room}                         ok ok ok ok ok ok ok ok ok ok
read:set    {room}                         missing ok ok missing ok ok missing ok missing missing
read:set    {pair_room}                    missing ok missing missing ok missing missing missing missing missing
typing      {room}                         missing ok ok missing ok ok missing ok missing missing
typing      {pair_room}                    missing ok missing missing ok missing missing missing missing missing
post:send   {room}                         missing ok ok missing ok ok missing ok missing missing
post:send   {pair_room}                    missing ok missing missing ok missing missing missing missing missing
post:react  {post}                         missing ok ok missing ok ok missing ok missing missing
post:react  {private_post}                 missing ok missing missing ok missing missing missing missing missing
post:edit   {post}                         missing ok forbidden missing forbidden forbidden missing forbidden missing missing
post:edit   {private_post}                 missing ok missing missing forbidden missing missing missing missing missing
post:remove {peers_post}                   missing forbidden ok missing forbidden ok missing ok missing missing
post:remove {private_post}                 missing ok missing missing forbidden missing missing missing missing missing
"""

SCOPES = """
space:open  forums:read
space:sync  forums:read
space:close forums:read
read:set    forums:write
typing      forums:write
post:send   forums:write
post:edit   forums:write
post:remove forums:write
post:react  forums:write
"""
