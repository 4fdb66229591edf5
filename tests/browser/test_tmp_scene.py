import pytest

from core.months import month_add
from tests.factories import cost_rate_factory

from .company import found_company
from .story_report import friday_report

pytestmark = [pytest.mark.browser, pytest.mark.timeout(420)]


def test_scene(page, sign_in, axe, processes, settings, transactional_db):
    settings.MAIL_BACKEND = settings.EMAIL_BACKEND
    company = found_company()
    company.book(company.volumes["SAP-100"])
    cost_rate_factory(product=company.products["SAP-100"], start_date=month_add(company.last, -24))
    processes.worker()
    sign_in(page, company.sanne)
    friday_report(page, axe, processes, company)
