"""Five stories of remote pathology over HTTP, on real slide files.

A routine case, a frozen section, slides that come back, a case that nobody can diagnose, and a discordant one. Needs a
network in which the people of the cast have the published password; the frozen section's half hour passes on the
demonstration's clock.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from uuid import uuid4

from tests.walks import scans
from tests.walks.client import Failed
from tests.walks.laboratory import OPINION, READ, Pathology, report
from tests.walks.story import expect

LEG = """query($id: ID!) { referral(id: $id) { id number status pathway greenKind { code } clinical { summary
    diagnoses { code } } offers { status performerHospital { id } } } }"""
OFFERS = "{ offers(open: true) { nodes { facts { summary } } } }"


def told(story: Pathology) -> Iterator[tuple[str, Callable[[], None]]]:
    """Every step of the five stories with its name, in order."""
    yield from routine(story)
    yield from frozen(story)
    yield from others(story)


def routine(story: Pathology) -> Iterator[tuple[str, Callable[[], None]]]:
    """A routine case with a request for immunohistochemistry and a second read, to its final result."""
    seen, take, code = story.seen, story.take, story.code

    def writes() -> None:
        case = story.draft()
        expect(code("lab", "submitPathology", case), "INCOMPLETE", "submitting without a slide")
        case = story.glass(case, "svs", "tiff")
        expect(story.who("first").refused(READ, id=case["id"]), "NOT_FOUND", "a draft for its reader")
        seen["case"] = take("lab", "submitPathology", case, "SUBMITTED")

    def claims() -> None:
        case = take("quality", "passQuality", seen["case"], "POOLED")
        seen["case"] = take("first", "claimPathology", case, "ASSIGNED")
        expect(code("second", "claimPathology", seen["case"]), "INVALID_STATE", "a second claim")
        expect(story.who("stranger").refused(READ, id=case["id"]), "NOT_FOUND", "the case for a foreign lab")

    def asks_for_more() -> None:
        case = take("first", "startReading", seen["case"], "READING")
        expect(code("first", "signReport", case, report=report()), "INCOMPLETE", "signing slides nobody has opened")
        case = take("first", "requestMaterial", case, "MORE_NEEDED", items=["IHC"], note="ER PR HER2 Ki-67")
        expect(story.read("lab", case)["clock"], {"kind": "MATERIAL", "holder": "REQUESTER"}, "whose turn it is")
        block = story.read("lab", case)["specimens"][0]["blocks"][0]["id"]
        glass = {"barcode": uuid4().hex[:8], "stain": "IHC", "marker": "ER", "magnification": 20}
        case = take("lab", "registerSlides", case, "MORE_NEEDED", block=block, slides=[glass])
        expect(code("lab", "supplyMaterial", case, answer="已补做"), "INCOMPLETE", "supplying without the picture")
        story.send(case, "svs")
        case = take("lab", "supplyMaterial", case, "READING", answer="ER 90%，PR 70%，HER2 1+，Ki-67 20%")
        expect(story.limit("lab", case, "ROUTINE")["pausedAt"], None, "the report's limit runs on")
        seen["case"] = case

    def is_read_twice() -> None:
        case, second = seen["case"], story.me("second")[0]
        story.look("first", case)
        case = take("first", "requestSecondRead", case, "SECOND_REVIEW", secondReader=second, opinion=OPINION)
        expect(code("first", "signReport", case, report=report()), "INVALID_STATE", "signing before the second opinion")
        story.look("second", case)
        case = take("second", "giveSecondOpinion", case, "SECOND_REVIEW", opinion=OPINION)
        expect(story.read("first", case)["secondAgreement"], "CONCORDANT", "how the two agree")
        expect(story.read("lab", case)["opinions"], [], "what readers say among themselves, for the lab")
        seen["case"] = case

    def is_signed() -> None:
        case = take("first", "signReport", seen["case"], "ISSUED", report=report())
        (signed,) = story.read("lab", case)["reports"]
        expect((signed["version"], signed["intact"], signed["inForce"]), (1, True, True), "the report")
        kind, data = story.who("lab").fetch(f"/reports/{signed['id']}.pdf")
        expect((kind, data[:5]), ("application/pdf", b"%PDF-"), "the report on paper")
        seen["case"] = case

    def is_closed() -> None:
        case = take("lab", "acknowledgeReport", seen["case"], "ACKNOWLEDGED")
        final = {"diagnosticClass": "MALIGNANT", "diagnosis": "左乳浸润性导管癌"}
        case = story.read("first", take("lab", "recordFinalResult", case, "RECONCILED", **final))
        expect((case["preliminaryAgreement"], case["finalAgreement"]), ("MINOR", "CONCORDANT"), "agreement")
        expect((bool(case["closedAt"]), story.limit("lab", case, "ROUTINE")["met"]), (True, True), "the end, in time")

    yield "县病理科登记、上传切片并提交 · the lab registers, uploads its slides and submits", writes
    yield "质检合格，专家认领，仅一人成功 · quality passed, one claim wins", claims
    yield "要求免疫组化，县病理科补片 · immunohistochemistry is asked for and supplied", asks_for_more
    yield "另一位专家复核，两人一致 · a second read, the two agree", is_read_twice
    yield "逐张阅片后签发报告 · signed when every slide was opened", is_signed
    yield "确认收悉并回填最终诊断 · acknowledged, the final result recorded", is_closed


def frozen(story: Pathology) -> Iterator[tuple[str, Callable[[], None]]]:
    """A frozen section from its reservation to the paraffin result, told by telephone within half an hour."""
    seen, take, code = story.seen, story.take, story.code

    def reserves() -> None:
        case = story.draft(date(*scans.DICOM_BIRTH), scans.DICOM_PATIENT, kind="FROZEN", liability="REMOTE_DIAGNOSIS")
        begun = datetime.fromisoformat(story.read("lab", case)["createdAt"])
        seen["received"] = begun + timedelta(minutes=60)
        reader, planned = story.me("first")[0], (begun + timedelta(minutes=55)).isoformat()
        case = take("lab", "reserveFrozen", case, "RESERVED", plannedAt=planned, standbyExpert=reader)
        expect(code("second", "confirmReservation", case), "FORBIDDEN", "another expert confirming")
        seen["case"] = take("first", "confirmReservation", case, "RESERVED")

    def is_cut() -> None:
        story.ahead(61)  # the operation takes its time; the specimen comes in its last minute
        case = story.glass(seen["case"], "dicom", received_at=seen["received"])
        story.ahead(8)  # freezing, cutting, staining
        case = take("lab", "submitPathology", case, "SUBMITTED")
        began = datetime.fromisoformat(story.limit("lab", case, "FROZEN")["startedAt"])
        expect(began, seen["received"], "the limit counts from the specimen")
        seen["case"] = take("quality", "passQuality", case, "ASSIGNED")

    def is_told() -> None:
        case = take("first", "startReading", seen["case"], "READING")
        story.look("first", case)
        story.ahead(10)
        phoned = OPINION | {"phonedTo": "手术室王护士"}
        expect(code("first", "givePreliminaryOpinion", case, opinion=phoned), "INVALID_INPUT", "without a read-back")
        phoned |= {"readBack": "左乳肿物冰冻：浸润性癌"}
        case = take("first", "givePreliminaryOpinion", case, "PRELIMINARY", opinion=phoned)
        (opinion,) = story.read("lab", case)["opinions"]
        expect(opinion["readBack"], phoned["readBack"], "what was read back")
        limit = story.limit("lab", case, "FROZEN")
        expect((limit["met"], 18 <= limit["elapsedMinutes"] <= 30), (True, True), f"in time: {limit}")
        seen["case"] = case

    def is_confirmed() -> None:
        case = take("first", "signReport", seen["case"], "ISSUED", report=report("FROZEN_GENERIC", critical=True))
        expect(code("lab", "acknowledgeReport", case), "INVALID_INPUT", "a critical result without its read-back")
        case = take("lab", "acknowledgeReport", case, "ACKNOWLEDGED", readBack="左乳浸润性癌")
        final = {"diagnosticClass": "MALIGNANT", "diagnosis": "石蜡：左乳浸润性导管癌，II 级"}
        case = story.read("lab", take("lab", "recordFinalResult", case, "RECONCILED", **final))
        expect(case["finalAgreement"], "CONCORDANT", "frozen section against paraffin")

    yield "预约冰冻，待命专家确认 · a frozen section is reserved, the standby expert confirms", reserves
    yield "标本接收即计时，直达待命专家 · the limit counts from the specimen", is_cut
    yield "30 分钟内电话报告并复述 · told by telephone and read back within 30 minutes", is_told
    yield "书面报告与石蜡结果相符 · the written report agrees with paraffin", is_confirmed


def others(story: Pathology) -> Iterator[tuple[str, Callable[[], None]]]:
    """Slides out of focus, a case that nobody can diagnose, and a diagnosis that sends the patient on at once."""
    seen, take, code = story.seen, story.take, story.code

    def is_returned() -> None:
        case = take("lab", "submitPathology", story.glass(story.draft(), "svs"), "SUBMITTED")
        (slide,) = story.read("lab", case)["slides"]
        defects = [{"code": "FOCUS", "barcode": slide["barcode"]}]
        case = take("quality", "failQuality", case, "RETURNED", defects=defects)
        (found,) = story.read("lab", case)["qualityChecks"]
        told = [{"code": "FOCUS", "slide": slide["barcode"]}]
        expect((found["result"], found["defects"]), ("FAILED", told), "what the lab is told")
        expect(bool(story.limit("lab", case, "ROUTINE")["pausedAt"]), True, "the limit pauses on the sender")
        seen["image"], seen["slide"] = story.who("lab").ask(scans.SLIDE, id=slide["id"])["slideImages"][-1], slide
        seen["case"] = case

    def is_mended() -> None:
        again = story.scan(seen["slide"]["id"], "svs")
        images = story.who("lab").ask(scans.SLIDE, id=seen["slide"]["id"])["slideImages"]
        kept = {image["id"]: bool(image["replacedAt"]) for image in images}
        expect(kept, {seen["image"]["id"]: True, again["id"]: False}, "the scan that counts")
        case = take("lab", "fixPathology", seen["case"], "SUBMITTED", note="已重新扫描，逐视野复核清晰")
        expect(story.limit("lab", case, "ROUTINE")["pausedAt"], None, "the limit runs on")
        case = take("quality", "passQuality", case, "POOLED")
        take("lead", "assignPathology", case, "ASSIGNED", expert=story.me("second")[0])

    def is_undiagnosable() -> None:
        before = story.undiagnosable()
        case = story.reading("tiff", preliminaryClass="NONE", preliminaryDiagnosis="")
        expect(code("first", "declareUndiagnosable", case, reason="OTHER"), "COMMENT_REQUIRED", "without words")
        case = take("first", "declareUndiagnosable", case, "UNDIAGNOSABLE", reason="INSUFFICIENT_TISSUE")
        expect(bool(story.read("lab", case)["closedAt"]), True, "nothing remains to be done")
        expect(code("first", "signReport", case, report=report()), "INVALID_STATE", "signing all the same")
        expect(story.undiagnosable(), before + 1, "what the ledger counts")

    def is_discordant() -> None:
        case = story.reading("svs", preliminaryClass="BENIGN", preliminaryDiagnosis="纤维腺瘤")
        conclusion = "（左乳）浸润性癌，伴广泛脉管癌栓，请急诊收治"
        signed = report(critical=True, conclusion=conclusion)
        seen["case"] = take("first", "signReport", case, "ISSUED", report=signed)
        expect(story.read("lab", case)["preliminaryAgreement"], "MAJOR", "the lab's diagnosis against the expert's")

    def goes_by_the_green_channel() -> None:
        given = {
            "requesterDepartment": story.me("county.doctor")[1],
            "reason": "病理会诊改变诊断，请急诊收治",
            "greenKind": "ONCOLOGY_EMERGENCY",
            "targets": [story.me("oncologist")[1]],
        }
        case = take("lab", "referPathology", seen["case"], "ISSUED", **given)
        expect(code("lab", "referPathology", case, **given), "INVALID_STATE", "referring twice")
        leg = story.who("county.doctor").ask(LEG, id=story.read("lab", case)["referralId"])["referral"]
        expect((leg["pathway"], leg["status"]), ("GREEN_CHANNEL", "BROADCAST"), "the referral")
        expect((leg["greenKind"]["code"], len(leg["offers"])), ("ONCOLOGY_EMERGENCY", 1), "the call")
        expect(leg["clinical"]["diagnoses"], [{"code": "C50.900"}], "the diagnosis that it carries on")
        asked = story.who("oncologist").ask(OFFERS)["offers"]["nodes"]
        told = [offer["facts"]["summary"] for offer in asked if offer["facts"]]
        if not any("广泛脉管癌栓" in summary for summary in told):
            raise Failed("the hospital that is called does not read the conclusion")
        take("lab", "acknowledgeReport", case, "ACKNOWLEDGED", readBack="左乳浸润性癌，脉管癌栓")

    yield "失焦退回，时限暂停在申请方 · returned out of focus, the limit pauses on the sender", is_returned
    yield "重新扫描后再提交，由负责人分派 · scanned anew, sent again, assigned by the lead", is_mended
    yield "组织过少，无法诊断 · too little tissue, undiagnosable", is_undiagnosable
    yield "县院初诊良性，专家诊断恶性 · the lab said benign, the expert malignant", is_discordant
    yield "一步转入绿色通道 · one step to the green channel", goes_by_the_green_channel
