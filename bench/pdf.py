"""Receipts one after the other in a process of their own: ours, and the stock page of WeasyPrint.

``python -m bench.pdf ours|stock COUNT`` prints CPU ms, seconds and bytes of each as JSON, after a
few that are not counted. Both carry the same words, fonts and codes; ours is PDF/A and tagged
besides. No two are alike, so nothing is won by remembering the last one.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import escape
from importlib.resources import files

import segno
from barcode import Code128
from barcode.writer import SVGWriter

from procedures.documents import TIME_ZONE, DossierDocument, Receipt, render

_WARM_UP = 5
_NAMES = ("Nguyễn Thị Ánh Tuyết", "Huỳnh Hữu Phước", "Đặng Thị Mỹ Hường", "Võ Quốc Khánh", "Lê Kim Phượng")
_FACES = (("Regular", 400, "normal"), ("Bold", 700, "normal"), ("Italic", 400, "italic"))
_AT = datetime(2021, 7, 15, 2, 15, tzinfo=UTC)


def receipt(number: int) -> Receipt:
    """The receipt of an invented lump-sum claim; the originals are still on their way."""
    return Receipt(
        parent_agency="Bảo hiểm xã hội Việt Nam",
        agency="Bảo hiểm xã hội thành phố Cam Ranh",
        reception_unit="Bộ phận Tiếp nhận và Trả kết quả",
        place="Khánh Hòa",
        issued_at=_AT + timedelta(minutes=number),
        dossier_code=f"BHXH056.02-210715-{number:04d}",
        verification_url=f"https://dichvu.bhxhkhanhhoa.example/xac-thuc/Zk3vJ8sQ1mTq7LhX2b{number:06d}/",
        filer_name=_NAMES[number % len(_NAMES)],
        filer_address=f"Số {number} đường Nguyễn Trọng Kỷ, Phường Cam Lợi, Thành phố Cam Ranh, Khánh Hòa",
        filer_phone=f"0905 {number:03d} 456",
        filer_email=f"nguoi.dan{number}@example.com",
        procedure="Giải quyết hưởng BHXH một lần",
        case="Đã nghỉ việc hoặc ngừng đóng BHXH tự nguyện từ một năm trở lên, chưa đủ 20 năm đóng",
        documents=(
            DossierDocument(
                label="Đơn đề nghị hưởng BHXH một lần",
                handed_in="Bản giấy đã ký, gửi bưu điện",
                received=False,
            ),
            DossierDocument(label="Sổ BHXH (bản chính)", handed_in="Bản chính, gửi bưu điện", received=False),
            DossierDocument(
                label="Ảnh CCCD hoặc CMND (hai mặt)", handed_in="Bản chụp tải lên", received=True
            ),
            DossierDocument(
                label="Ảnh trang đầu của từng sổ BHXH", handed_in="Bản chụp tải lên", received=True
            ),
        ),
        statutory_time="5 ngày làm việc",
        received_at=_AT + timedelta(minutes=number),
        return_at=None,
        result_delivery="Qua bưu điện, tận nhà",
        version_digest="3f9ac20b71e4",
    )


def ours(number: int) -> bytes:
    return render(receipt(number), made_at=_AT)


# --- The stock page ------------------------------------------------------------------------------


def stock_maker() -> Callable[[int], bytes]:
    """A function that makes the page with WeasyPrint; fonts and style sheet are read once."""
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration

    fonts = FontConfiguration()
    style = CSS(string=_style(), font_config=fonts)

    def make(number: int) -> bytes:
        page = HTML(string=_html(receipt(number)))
        return bytes(page.write_pdf(stylesheets=[style], font_config=fonts))

    return make


def _style() -> str:
    folder = files("fontpkg_be_vietnam_pro") / "files"
    faces = "".join(
        f"@font-face {{ font-family: BVP; font-weight: {weight}; font-style: {slant}; "
        f"src: url('file://{folder / f'BeVietnamPro-{name}.ttf'}') }}"
        for name, weight, slant in _FACES
    )
    return f"""{faces}
        @page {{ size: A4; margin: 20mm 18mm 20mm 30mm; @bottom-right {{
            content: "Trang " counter(page) "/" counter(pages); font: 8pt BVP }} }}
        body {{ font: 10.5pt/1.4 BVP }} table {{ width: 100%; border-collapse: collapse }}
        .list td, .list th {{ border: .5pt solid; padding: 3pt; font-size: 10pt }}
        .middle {{ text-align: center }} h1 {{ font-size: 14pt; text-align: center }}
        p {{ margin: .25em 0 }} .small {{ font-size: 8.5pt }}
        .note {{ border-left: 2pt solid; padding-left: 3mm }}"""


def _html(content: Receipt) -> str:
    rows = "".join(
        f"<tr><td>{n}</td><td>{escape(d.label)}</td><td>{escape(d.handed_in)}</td>"
        f"<td>{'Đã nhận' if d.received else '<b>Chờ bản chính</b>'}</td></tr>"
        for n, d in enumerate(content.documents, start=1)
    )
    awaited = "; ".join(f"<b>{escape(label)}</b>" for label in content.awaited)
    received = content.received_at.astimezone(TIME_ZONE)
    return f"""<!DOCTYPE html><html lang="vi"><title>Giấy tiếp nhận – {content.dossier_code}</title>
    <table><tr><td class="middle">{content.parent_agency.upper()}<br><b>{content.agency.upper()}</b><br>
    <b>{content.reception_unit}</b></td><td class="middle"><b>CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM</b><br>
    <b>Độc lập – Tự do – Hạnh phúc</b><br><i>{content.place}, ngày {received:%d tháng %m năm %Y}</i></td></tr>
    </table><h1>GIẤY TIẾP NHẬN HỒ SƠ VÀ HẸN TRẢ KẾT QUẢ</h1>
    <p class="middle"><i>Giấy tiếp nhận số: {content.sequence}</i></p>
    <table><tr><td class="middle">{_bars(content.dossier_code)}<br>
    Mã hồ sơ: <b>{content.dossier_code}</b></td><td class="middle">{_qr(content.verification_url)}<br>
    Quét để xác thực</td></tr></table>
    <p>Tiếp nhận hồ sơ của: <b>{escape(content.filer_name)}</b></p><p>Địa chỉ: {content.filer_address}</p>
    <p>Số điện thoại: {content.filer_phone} Email: {content.filer_email}</p>
    <p>Nội dung yêu cầu giải quyết: <b>{content.procedure}</b></p><p>Trường hợp: {content.case}</p>
    <p>Thành phần hồ sơ nộp gồm:</p><table class="list"><tr><th>STT</th><th>Tên giấy tờ</th>
    <th>Hình thức nộp</th><th>Tình trạng</th></tr>{rows}</table><p>Số lượng hồ sơ: 01 (bộ)</p>
    <p>Thời gian giải quyết hồ sơ theo quy định là: {content.statutory_time}</p>
    <p>Thời gian nhận hồ sơ: {received:%H giờ %M phút, ngày %d/%m/%Y}</p>
    <p>Thời gian trả kết quả giải quyết hồ sơ: <b>chưa hẹn ngày.</b></p><p class="note">Hồ sơ còn chờ bản
    chính của: {awaited}. Thời hạn giải quyết tính từ ngày cơ quan nhận đủ bản chính. Khi đó ông/bà được cấp
    giấy tiếp nhận mới ghi ngày hẹn trả kết quả, thay thế giấy này.</p>
    <p>Đăng ký nhận kết quả tại: {content.result_delivery}</p>
    <p>Vào Sổ theo dõi hồ sơ: Quyển số: ……………… Số thứ tự: ………………</p>
    <table><tr><td class="middle"><b>NGƯỜI NỘP HỒ SƠ</b><br>Đã nộp hồ sơ trực tuyến<br>
    <b>{escape(content.filer_name)}</b></td><td class="middle"><b>NGƯỜI TIẾP NHẬN HỒ SƠ</b><br>
    Đã tiếp nhận bằng phương tiện điện tử</td></tr></table>
    <p class="small"><i>Giấy này được lập bằng phương tiện điện tử từ dữ liệu hồ sơ trực tuyến. Xác thực và
    xem tình trạng hồ sơ tại:</i><br>{content.verification_url}</p>"""


def _bars(code: str) -> str:
    """The library's own drawing: a rectangle a bar."""
    options = {"write_text": False, "module_width": 0.3, "module_height": 14}
    svg: str = Code128(code, writer=SVGWriter()).render(options).decode()
    return svg[svg.index("<svg") :]


def _qr(url: str) -> str:
    return segno.make(url, error="m", micro=False).svg_inline(scale=2.5)


# --- Measuring -----------------------------------------------------------------------------------


def measured(make: Callable[[int], bytes], count: int) -> dict[str, list[float]]:
    """CPU ms of the whole process, seconds and bytes of each of ``count`` documents."""
    found: dict[str, list[float]] = {"cpu": [], "seconds": [], "bytes": []}
    for number in range(count + _WARM_UP):
        cpu, wall = time.process_time(), time.monotonic()
        pdf = make(number)
        if number >= _WARM_UP:
            found["cpu"].append((time.process_time() - cpu) * 1000)
            found["seconds"].append(time.monotonic() - wall)
            found["bytes"].append(len(pdf))
    return found


def main(kind: str, count: str) -> None:
    json.dump(measured(ours if kind == "ours" else stock_maker(), int(count)), sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
