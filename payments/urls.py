"""Pages of this app. Paths are Vietnamese without marks and stay as they are."""

from django.urls import path

from payments.views import agents, payouts, refunds

urlpatterns = [
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
]
