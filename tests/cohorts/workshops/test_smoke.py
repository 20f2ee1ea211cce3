from datetime import *
from uuid import UUID
import pytest
from academy.kernel import clock
from academy.people.models import Role, GroupKind
from academy.people import actions as people
from tests.factories import people as make
from cohorts.workshops import actions, queries
def test_smoke(kernel, client_of, tmp_path):
    academy=make.group(kernel, GroupKind.ACADEMY, "Acad")
    g=make.group(kernel, GroupKind.COHORT, "Kestrel", academy)
    lead=make.member(kernel, academy, make.person(kernel,"Ling Chen",zone="Europe/Berlin"), Role.LEAD)
    fac=make.member(kernel, g, make.person(kernel,"Ingrid X",zone="Europe/Berlin"), Role.FACILITATOR)
    ls=[make.member(kernel,g,make.person(kernel,f"Ana {i}",zone=z)) for i,z in enumerate(["Europe/Lisbon","Africa/Lagos","Asia/Kolkata","America/New_York"])]
    for p in [fac,*ls]:
        kernel.commit(lambda s: people.set_hours(s,person_id=p,hours=[(d,540,1020) for d in range(5)]))
    c=client_of(lead)
    from academy.kernel.ids import encode
    r=c.get(f"/workshops/new?group={encode(g)}"); print(r.status_code, len(r.data)); assert r.status_code==200
    form=dict(group=encode(g),title="Role-play <b>circle",date="2027-01-14",time="16:00",zone="Europe/Berlin",minutes="60",facilitator=encode(fac),venue_url="https://meet.example/x",capacity="2",agenda="1. **A**\n2. b")
    r=c.post("/workshops",data={**form,"check":"1"}); assert r.status_code==200; print(r.text[r.text.index('id="checked"'):][:6000])
    r=c.post("/workshops",data=form); print(r.status_code, r.headers.get("Location"), r.text[:500]); 
    url=r.headers["Location"]
    r=c.get(url); assert r.status_code==200; print(r.text[r.text.index("<main"):r.text.index("</main")])
    a=client_of(ls[0]); 
    for u in ("/workshops",url,url+"/join","/notices"):
        r=a.get(u); assert r.status_code==200,u; print(r.text[r.text.index("<main"):r.text.index("</main")])
    r=a.post(url+"/answer",data={"answer":"going"}); assert r.status_code==303
    r=c.get(url+"/edit"); assert r.status_code==200
    kernel.runner.run_due()
    kernel.runner.run_due()
    import glob
    fs=sorted(glob.glob(str(kernel.settings.instance/"mail/*.eml")))
    print(len(fs)); 
    import email, email.policy
    m=email.message_from_bytes(open(fs[1],'rb').read(),policy=email.policy.default)
    print(m); print(m.get_body().get_content())
    for part in m.walk(): 
        if part.get_content_type()=="text/calendar": print(part["content-type"]); print(part.get_content())
