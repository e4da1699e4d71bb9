"""Pages of this app. Paths are Vietnamese without marks and stay as they are."""

from django.urls import path

from payments.views import agents, bank_calls, contributions, orders, payouts, receipts, refunds

urlpatterns = [
    path("dong-tien/", contributions.contribution_list, name="contributions"),
    path("dong-tien/moi/", contributions.start, name="contribution_start"),
    path("dong-tien/thu-tuc/<slug:slug>/", contributions.links, name="contribution_links"),
    path("dong-tien/nhap/<slug:code>/buoc/<slug:slug>/", contributions.step, name="contribution_step"),
    path("dong-tien/nhap/<slug:code>/kiem-tra/", contributions.check, name="contribution_check"),
    path("dong-tien/nhap/<slug:code>/xoa-nhap/", contributions.discard, name="contribution_discard"),
    path("dong-tien/<slug:reference>/", orders.order_page, name="contribution"),
    path("dong-tien/<slug:reference>/tinh-trang/", orders.state, name="contribution_state"),
    path("dong-tien/<slug:reference>/ma-qr.<slug:kind>", orders.code, name="contribution_code"),
    path("dong-tien/<slug:reference>/huy/", orders.cancel, name="contribution_cancel"),
    path("dong-tien/<slug:reference>/nhan-lai/", orders.take_back, name="contribution_back"),
    path("bien-lai/", receipts.receipt_list, name="receipt_list"),
    path("bien-lai/<str:code>/", receipts.receipt_page, name="receipt"),
    path("bien-lai/<str:code>/tai-ve/", receipts.receipt_pdf, name="receipt_pdf"),
    path("xac-thuc-bien-lai/<str:token>/", receipts.verify_receipt, name="verify_receipt"),
    path("hoan-tien/<str:code>/uoc-tinh/", refunds.estimate, name="refund_estimate"),
    path("hoan-tien/<str:code>/tra-loi/", refunds.answer, name="refund_answer"),
    path("ho-so/<str:code>/tai-khoan-nhan/", payouts.account, name="payout_account"),
    path("dai-ly/", agents.tasks, name="agent_tasks"),
    path("dai-ly/<int:pk>/", agents.task, name="agent_task"),
    path("dai-ly/<int:pk>/xac-nhan/", agents.confirm, name="agent_confirm"),
    path("dai-ly/<int:pk>/tra-lai/", agents.send_back, name="agent_return"),
    path("dai-ly/<int:pk>/bien-lai/<int:number>/", agents.receipt, name="agent_receipt"),
    path(
        "dai-ly/danh-sach/<slug:form>-<int:year>-<int:month>.<slug:kind>",
        agents.monthly_list,
        name="agent_list",
    ),
    path("ngan-hang/bao-co/<slug:slug>/", bank_calls.bank_call, name="bank_call"),
]
