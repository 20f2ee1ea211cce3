"""Who may open which door. Written by hand, from CAPABILITIES; never computed from the code's policies.

Columns: `nobody` is signed out; `outsider` has an account and no membership; `learner` and `peer` learn in
Cohort Kestrel of the North Academy, where `mentor` mentors and `facilitator` facilitates; `elsewhere` learns
and `facilitator2` facilitates in another cohort of the same academy; `lead` leads the North Academy, `lead2`
another one; `admin` administers the organization. `board` is the cohort's, `academy_board` the academy's; the
learner began a thread on each, and the peer answered. `learner` and `mentor` share a pair room; the offer waits
for `mentor`; the notice and the API token are the `learner`'s.

Cells: ok (the page, or on to one); in (sent to the sign-in page); 401; 403 (it is known to them, and not theirs
to do); 404 (not theirs to know of); 409 (a facilitator does not answer whether they come to what they lead).
"""

from __future__ import annotations

from tests.contracts.api_table import OPERATIONS

COLUMNS = "nobody outsider learner peer elsewhere mentor facilitator facilitator2 lead lead2 admin".split()

ROUTES = """
                                           nobody out lrn peer else ment fac  fac2 lead lead2 adm
GET  /about                                ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /api                                  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /healthz                              ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /readyz                               ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /metrics                              404  404  404  404  404  404  404  404  404  404  404
GET  /static/academy/favicon.svg           ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /sign-in                              ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /sign-in                              ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /sign-in/second                       ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /sign-in/second                       ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /sign-in/second/options               ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /sign-in/passkey                      ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /sign-in/passkey/options              ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /sign-out                             ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /forgot                               ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /forgot                               ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /mail-sent                            ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /reset/{reset}                        ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /reset/{reset}                        ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /address-back/{undo}                  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /address-back/{undo}                  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /join/{join}                          ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /join/{join}                          ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /invited/{invited}                    ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /invited/{invited}                    ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /welcome/{welcome}                    ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /welcome/{welcome}                    ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok

GET  /                                     in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /me                                   in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me                                   401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/display                           401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/blocks                            401  404  ok   ok   404  ok   ok   404  ok   404  ok
POST /me/blocks/{colleague}/remove         401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /me/password                          in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/password                          401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /me/email                             in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/email                             401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /address/{address_link}               in   404  ok   404  404  404  404  404  404  404  404
POST /address/{address_link}               401  404  ok   404  404  404  404  404  404  404  404
GET  /me/devices                           in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/devices/{newcomer}/end            401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/devices/end-others                401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /me/skills                            in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /skills                               in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /skills/map                           in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /skills/{skill}                       in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/skills                            401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/skills/{skill}/remove             401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/goals                             401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/goals/{skill}/remove              401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /skills/gap                           in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /people/{learner}/gap                 in   404  ok   404  404  ok   ok   404  ok   404  404
GET  /people/{learner}/levels              in   404  404  404  404  ok   404  404  404  404  404
POST /people/{learner}/levels              401  404  404  404  404  ok   404  404  404  404  404
POST /people/{learner}/levels/{skill}/remove 401  404  404  404  404  ok   404  404  404  404  404
GET  /occupations                          in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /occupations/{occupation}             in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/target                            401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/target/remove                     401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/target/goals                      401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /needs                                in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /academies/{academy}/needs            in   404  404  404  404  404  404  404  ok   404  ok
POST /academies/{academy}/needs            401  404  404  404  404  404  404  404  ok   404  ok
POST /academies/{academy}/needs/{skill}/remove 401  404  404  404  404  404  404  404  ok   404  ok
GET  /opportunities                        in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /opportunities/new                    in   404  404  404  404  404  404  404  ok   ok   404
POST /opportunities                        401  404  404  404  404  404  404  404  ok   404  403
GET  /opportunities/{opportunity}          in   404  ok   ok   ok   ok   ok   ok   ok   404  ok
GET  /opportunities/{opportunity}/edit     in   404  404  404  404  404  404  404  ok   404  404
POST /opportunities/{opportunity}/edit     401  404  404  404  404  404  404  404  ok   404  404
POST /opportunities/{opportunity}/close    401  404  404  404  404  404  404  404  ok   404  403
GET  /me/security                          in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /me/security/app                      in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/security/app                      401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/security/app/confirm              401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/security/app/remove               401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/security/codes                    401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/security/passkeys                 401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/security/passkeys/options         401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/security/passkeys/{skill}/name    401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/security/passkeys/{skill}/remove  401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /me/proof                             in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/proof                             401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/proof/options                     401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /people/{learner}/factors/reset       401  404  403  403  404  403  403  404  403  404  ok
GET  /me/tokens                            in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/tokens                            401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/tokens/{token}/revoke             401  404  ok   404  404  404  404  404  404  404  404
GET  /people                               in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /people/{learner}                     in   404  ok   ok   404  ok   ok   404  ok   404  ok
GET  /admin                                in   404  404  404  404  404  404  404  404  404  ok
GET  /admin/settings                       in   404  404  404  404  404  404  404  404  404  ok
POST /admin/settings                       401  404  404  404  404  404  404  404  404  404  ok
GET  /admin/academies                      in   404  404  404  404  404  404  404  404  404  ok
POST /admin/academies                      401  404  404  404  404  404  404  404  404  404  ok
GET  /admin/academies/{academy}            in   404  404  404  404  404  404  404  404  404  ok
POST /admin/academies/{academy}/rename     401  404  404  404  404  404  404  404  404  404  ok
GET  /admin/roles                          in   404  404  404  404  404  404  404  404  404  ok
GET  /admin/roles/new?group={academy}      in   404  404  404  404  404  404  404  404  404  ok
POST /admin/roles                          401  404  404  404  404  404  404  404  404  404  ok
POST /admin/roles/end                      401  404  404  404  404  404  404  404  404  404  ok
GET  /admin/people                         in   404  404  404  404  404  404  404  404  404  ok
GET  /admin/people/{learner}               in   404  404  404  404  404  404  404  404  404  ok
POST /admin/people/{learner}/manager       401  404  404  404  404  404  404  404  404  404  ok
POST /admin/people/{learner}/sign-out      401  404  404  404  404  404  404  404  404  404  ok
POST /admin/people/{learner}/close         401  404  404  404  404  404  404  404  404  404  ok
POST /admin/people/{learner}/reopen        401  404  404  404  404  404  404  404  404  404  ok
GET  /admin/audit                          in   404  404  404  404  404  404  404  404  404  ok
GET  /admin/jobs                           in   404  404  404  404  404  404  404  404  404  ok
POST /admin/jobs/retry                     401  404  404  404  404  404  404  404  404  404  ok
POST /admin/jobs/{job}/retry               401  404  404  404  404  404  404  404  404  404  ok
POST /admin/jobs/{job}/set-aside           401  404  404  404  404  404  404  404  404  404  ok
GET  /admin/mail                           in   404  404  404  404  404  404  404  404  404  ok
GET  /audit                                in   404  404  404  404  404  404  404  ok   ok   ok
GET  /audit?group={cohort}                 in   404  404  404  404  404  404  404  ok   404  ok
GET  /admin/declined                       in   404  404  404  404  404  404  404  404  404  ok
GET  /admin/frameworks                     in   404  404  404  404  404  404  404  404  404  ok
POST /admin/frameworks                     401  404  404  404  404  404  404  404  404  404  ok
GET  /admin/frameworks/{framework}/file    in   404  404  404  404  404  404  404  404  404  ok
GET  /admin/frameworks/files/{framework_file} in   404  404  404  404  404  404  404  404  404  ok
POST /admin/frameworks/files/{framework_file}/apply 401  404  404  404  404  404  404  404  404  404  ok
POST /admin/frameworks/files/{framework_file}/forget 401  404  404  404  404  404  404  404  404  404  ok
POST /admin/mail/test                      401  404  404  404  404  404  404  404  404  404  ok

GET  /me/data                              in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/data/file                         401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /me/data/file/{data_file}             in   404  ok   404  404  404  404  404  404  404  404
POST /me/data/file/{data_file}             401  404  ok   404  404  404  404  404  404  404  404
GET  /me/data/erase                        in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /me/data/erase                        401  ok   ok   ok   ok   ok   ok   ok   ok   ok   409
POST /me/data/keep                         401  404  ok   404  404  404  404  404  404  404  404
GET  /people/{newcomer}/erase              in   404  404  404  404  404  404  404  404  404  ok
POST /people/{newcomer}/erase              401  404  404  404  404  404  404  404  404  404  ok
POST /people/{leaver}/keep                 401  404  404  404  404  404  404  404  404  404  ok
GET  /people/file                          in   404  404  404  404  404  404  404  404  404  ok
POST /people/file                          401  404  404  404  404  404  404  404  404  404  ok
GET  /people/file/{people_file}            in   404  404  404  404  404  404  404  404  404  ok
POST /people/file/{people_file}/apply      401  404  404  404  404  404  404  404  404  404  ok
POST /people/file/{people_file}/forget     401  404  404  404  404  404  404  404  404  404  ok
POST /people/file/export                   401  404  404  404  404  404  404  404  404  404  ok
GET  /notices                              in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /notices/read                         401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /notices/{notice}/read                401  404  ok   404  404  404  404  404  404  404  404

GET  /deliveries/{delivery}                in   404  ok   ok   404  ok   ok   404  ok   404  404
GET  /activities/{reading}                 in   404  ok   ok   404  ok   ok   404  ok   404  404
GET  /activities/{video}/video               in   404  ok   ok   404  ok   ok   404  ok   404  404
GET  /activities/{video}/captions.vtt        in   404  ok   ok   404  ok   ok   404  ok   404  404
GET  /activities/{reading}/video             in   404  404  404  404  404  404  404  404  404  404
POST /activities/{reading}/complete        401  404  ok   ok   404  ok   ok   404  ok   404  404
POST /activities/{reflection}/reflect      401  404  ok   ok   404  ok   ok   404  ok   404  404

GET  /tracks                               in   404  404  404  404  404  404  404  ok   ok   ok
GET  /tracks/new                           in   404  404  404  404  404  404  404  ok   ok   ok
POST /tracks                               401  404  404  404  404  404  404  404  ok   404  ok
POST /tracks/upload                        401  404  404  404  404  404  404  404  ok   404  ok
GET  /tracks/{whole_track}                 in   404  404  404  404  404  404  404  ok   404  ok
POST /tracks/{whole_track}/draft           401  404  404  404  404  404  404  404  ok   404  ok
GET  /track-versions/{track}/pack          in   404  404  404  404  404  404  404  ok   404  ok
GET  /drafts/{draft}                       in   404  404  404  404  404  404  404  ok   404  ok
GET  /drafts/{draft}/edit                  in   404  404  404  404  404  404  404  ok   404  ok
POST /drafts/{draft}/edit                  401  404  404  404  404  404  404  404  ok   404  ok
GET  /drafts/{draft}/pack                  in   404  404  404  404  404  404  404  ok   404  ok
GET  /drafts/{draft}/preview               in   404  404  404  404  404  404  404  ok   404  ok
POST /drafts/{draft}/publish               401  404  404  404  404  404  404  404  ok   404  ok
POST /drafts/{draft}/discard               401  404  404  404  404  404  404  404  ok   404  ok
GET  /drafts/{draft}/modules/new           in   404  404  404  404  404  404  404  ok   404  ok
POST /drafts/{draft}/modules               401  404  404  404  404  404  404  404  ok   404  ok
GET  /draft-modules/{draft_module}         in   404  404  404  404  404  404  404  ok   404  ok
POST /draft-modules/{draft_module}         401  404  404  404  404  404  404  404  ok   404  ok
POST /draft-modules/{draft_module}/move    401  404  404  404  404  404  404  404  ok   404  ok
POST /draft-modules/{draft_module}/remove  401  404  404  404  404  404  404  404  ok   404  ok
GET  /draft-modules/{draft_module}/activities/new in 404 404 404 404 404 404  404  ok   404  ok
POST /draft-modules/{draft_module}/activities 401 404 404 404 404 404 404 404 ok 404 ok
GET  /draft-activities/{draft_activity}    in   404  404  404  404  404  404  404  ok   404  ok
POST /draft-activities/{draft_activity}    401  404  404  404  404  404  404  404  ok   404  ok
GET  /draft-activities/{draft_activity}/preview in 404 404 404 404 404 404 404 ok 404 ok
GET  /draft-activities/{draft_video}/video in 404 404 404 404 404 404 404 ok 404 ok
GET  /draft-activities/{draft_video}/captions.vtt in 404 404 404 404 404 404 404 ok 404 ok
POST /draft-activities/{draft_video}/video 401 404 404 404 404 404 404 404 ok 404 ok
POST /draft-activities/{draft_activity}/move 401 404 404 404 404 404 404 404 ok 404 ok
POST /draft-activities/{draft_activity}/remove 401 404 404 404 404 404 404 404 ok 404 ok

GET  /cohorts                              in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /cohorts/new                          in   404  404  404  404  404  404  404  ok   ok   ok
POST /cohorts                              401  404  404  404  404  404  404  404  ok   404  ok
GET  /cohorts/{cohort}                     in   404  ok   ok   404  ok   ok   404  ok   404  ok
GET  /cohorts/{cohort}/edit                in   404  403  403  404  403  403  404  ok   404  ok
POST /cohorts/{cohort}/edit                401  404  403  403  404  403  403  404  ok   404  ok
POST /cohorts/{cohort}/close               401  404  403  403  404  403  403  404  ok   404  ok
POST /cohorts/{closed}/open                401  404  404  404  404  404  404  404  ok   404  ok
POST /cohorts/{cohort}/upgrade             401  404  403  403  404  403  403  404  ok   404  ok
GET  /cohorts/{cohort}/enroll              in   404  403  403  404  403  ok   404  ok   404  ok
POST /cohorts/{cohort}/enroll/addresses    401  404  403  403  404  403  ok   404  ok   404  ok
POST /cohorts/{cohort}/enroll/file         401  404  403  403  404  403  ok   404  ok   404  ok
POST /cohorts/{cohort}/roles               401  404  403  403  404  403  ok   404  ok   404  ok
POST /cohorts/{full}/waitlist/move         401  404  404  404  404  404  404  404  ok   404  ok
POST /cohorts/{full}/waitlist/remove       401  404  404  404  404  404  404  404  ok   404  ok
POST /cohorts/{cohort}/enroll              401  404  403  403  404  403  ok   404  ok   404  ok
POST /cohorts/{cohort}/remove              401  404  403  403  404  403  ok   404  ok   404  ok
GET  /groups/{cohort}/invitations          in   404  403  403  404  403  ok   404  ok   404  ok
POST /groups/{cohort}/invitations          401  404  403  403  404  403  ok   404  ok   404  ok
POST /invitations/{invitation}/resend      401  404  403  403  404  403  ok   404  ok   404  ok
POST /invitations/{invitation}/withdraw    401  404  403  403  404  403  ok   404  ok   404  ok
GET  /groups/{cohort}/links                in   404  403  403  404  403  ok   404  ok   404  ok
POST /groups/{cohort}/links                401  404  403  403  404  403  ok   404  ok   404  ok
GET  /groups/{academy}/links               in   404  404  404  404  404  404  404  ok   404  ok
POST /groups/{academy}/links               401  404  404  404  404  404  404  404  ok   404  ok
POST /links/{join_link}/end                401  404  403  403  404  403  ok   404  ok   404  ok

GET  /spaces                               in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /spaces/{room}                        in   404  ok   ok   404  ok   ok   404  ok   404  404
GET  /spaces/{pair_room}                   in   404  ok   404  404  ok   404  404  404  404  404
POST /spaces/{room}/posts                  401  404  ok   ok   404  ok   ok   404  ok   404  404
POST /spaces/{pair_room}/posts             401  404  ok   404  404  ok   404  404  404  404  404
POST /spaces/{room}/read                   401  404  ok   ok   404  ok   ok   404  ok   404  404
POST /spaces/{pair_room}/read              401  404  ok   404  404  ok   404  404  404  404  404
GET  /spaces/{room}/slow                   in   404  403  403  404  403  ok   404  ok   404  404
POST /spaces/{room}/slow                   401  404  403  403  404  403  ok   404  ok   404  404
GET  /spaces/{pair_room}/slow              in   404  403  404  404  403  404  404  404  404  404
POST /spaces/{room}/unread                 401  404  ok   ok   404  ok   ok   404  ok   404  404
POST /spaces/{pair_room}/unread            401  404  ok   404  404  ok   404  404  404  404  404
GET  /posts/{post}                         in   404  ok   ok   404  ok   ok   404  ok   404  404
GET  /posts/{private_post}                 in   404  ok   404  404  ok   404  404  404  404  404
GET  /posts/{post}/edit                    in   404  ok   404  404  404  404  404  404  404  404
POST /posts/{post}/edit                    401  404  ok   403  404  403  403  404  403  404  404
GET  /posts/{post}/remove                  in   404  ok   404  404  404  ok   404  ok   404  404
POST /posts/{post}/remove                  401  404  ok   403  404  403  ok   404  ok   404  404
POST /posts/{private_post}/remove          401  404  ok   404  404  403  404  404  404  404  404
GET  /posts/{post}/reply                   in   404  ok   ok   404  ok   ok   404  ok   404  404
POST /posts/{post}/react                   401  404  ok   ok   404  ok   ok   404  ok   404  404
POST /posts/{private_post}/react           401  404  ok   404  404  ok   404  404  404  404  404

GET  /boards                               in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /boards/new                           in   404  404  404  404  404  ok   ok   ok   ok   404
POST /boards                               401  404  403  403  404  403  ok   404  ok   404  403
GET  /boards/{board}                       in   404  ok   ok   404  ok   ok   404  ok   404  404
GET  /boards/{academy_board}               in   404  ok   ok   ok   ok   ok   ok   ok   404  404
GET  /boards/{board}?q=how                 in   404  ok   ok   404  ok   ok   404  ok   404  404
GET  /boards/{board}/edit                  in   404  404  404  404  404  ok   404  ok   404  404
POST /boards/{board}/edit                  401  404  403  403  404  403  ok   404  ok   404  404
POST /boards/{academy_board}/edit          401  404  403  403  403  403  403  403  ok   404  404
POST /boards/{board}/close                 401  404  403  403  404  403  ok   404  ok   404  404
GET  /boards/{board}/new                   in   404  ok   ok   404  ok   ok   404  ok   404  404
POST /boards/{board}/threads               401  404  ok   ok   404  ok   ok   404  ok   404  404
POST /boards/{academy_board}/threads       401  404  ok   ok   ok   ok   ok   ok   ok   404  404
GET  /spaces/{thread}                      in   404  ok   ok   404  ok   ok   404  ok   404  404
GET  /spaces/{academy_thread}              in   404  ok   ok   ok   ok   ok   ok   ok   404  404
POST /spaces/{thread}/posts                401  404  ok   ok   404  ok   ok   404  ok   404  404
POST /spaces/{thread}/read                 401  404  ok   ok   404  ok   ok   404  ok   404  404
POST /threads/{thread}/follow              401  404  ok   ok   404  ok   ok   404  ok   404  404
GET  /spaces/{thread}/slow                 in   404  403  403  404  403  ok   404  ok   404  404
POST /spaces/{thread}/slow                 401  404  403  403  404  403  ok   404  ok   404  404
POST /spaces/{academy_thread}/slow         401  404  403  403  403  403  403  403  ok   404  404
POST /threads/{thread}/pin                 401  404  403  403  404  403  ok   404  ok   404  404
POST /threads/{thread}/lock                401  404  403  403  404  403  ok   404  ok   404  404
POST /threads/{academy_thread}/lock        401  404  403  403  403  403  403  403  ok   404  404
POST /posts/{answer}/solve                 401  404  ok   403  404  403  ok   404  ok   404  404
POST /posts/{answer}/react                 401  404  ok   ok   404  ok   ok   404  ok   404  404
GET  /mentoring                            in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /mentoring                            401  404  404  404  404  ok   404  404  404  404  404
GET  /offers                               in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /offers/{offer}                       in   404  404  404  404  ok   404  404  404  404  404
POST /offers/{offer}/accept                401  404  404  404  404  ok   404  404  404  404  404
POST /offers/{offer}/decline               401  404  404  404  404  ok   404  404  404  404  404
GET  /pairs/{pair}/end                     in   404  ok   404  404  ok   404  404  404  404  404
POST /pairs/{pair}/end                     401  404  ok   404  404  ok   404  404  404  404  404
GET  /groups/{cohort}/matches              in   404  403  403  404  403  ok   404  ok   404  403
POST /groups/{cohort}/matches              401  404  403  403  404  403  ok   404  ok   404  403
GET  /groups/{cohort}/matches/why          in   404  403  403  404  403  ok   404  ok   404  403
GET  /groups/{cohort}/matches/swap         in   404  403  403  404  403  ok   404  ok   404  403
GET  /groups/{cohort}/matches/runs         in   404  403  403  404  403  ok   404  ok   404  403
POST /groups/{cohort}/matches/settings     401  404  403  403  404  403  ok   404  ok   404  403
POST /groups/{cohort}/matches/choices      401  404  403  403  404  403  ok   404  ok   404  403
POST /groups/{cohort}/matches/swap         401  404  403  403  404  403  ok   404  ok   404  403
POST /runs/{run}/cancel                    401  404  403  403  404  403  ok   404  ok   404  403
POST /runs/{run}/publish                   401  404  403  403  404  403  ok   404  ok   404  403
GET  /calendar                             in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /calendar?view=month                  in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /calendar/feed                        401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
POST /calendar/feed/revoke                 401  ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /calendar/{feed_token}.ics            ok   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /workshops                            in   ok   ok   ok   ok   ok   ok   ok   ok   ok   ok
GET  /workshops/new?group={cohort}         in   404  404  404  404  404  ok   404  ok   404  404
POST /workshops                            401  404  403  403  404  403  ok   404  ok   404  403
GET  /workshops/{workshop}                 in   404  ok   ok   404  ok   ok   404  ok   404  404
POST /workshops/{workshop}/answer          401  404  ok   ok   404  ok   409  404  ok   404  404
GET  /workshops/{soon}/join                in   404  ok   ok   404  ok   ok   404  ok   404  404
GET  /workshops/{workshop}/edit            in   404  403  403  404  403  ok   404  ok   404  404
POST /workshops/{workshop}/move            401  404  403  403  404  403  ok   404  ok   404  404
POST /workshops/{workshop}/cancel          401  404  403  403  404  403  ok   404  ok   404  404


"""
ROUTES += OPERATIONS


def rows(table: str, columns: list[str]) -> dict[tuple[str, str], dict[str, str]]:
    """Read a table: (method or event, address) to what each column meets."""
    found = {}
    for line in table.strip("\n").splitlines()[1:]:
        if not line.strip():
            continue
        first, second, *cells = line.split()
        assert len(cells) == len(columns), f"{first} {second}: {len(cells)} cells for {len(columns)} columns"
        assert (first, second) not in found, f"{first} {second} stands here twice"
        found[first, second] = dict(zip(columns, cells, strict=True))
    return found
