"""The named accounts of the demo network as everybody knows them, and a way to count rows."""

from collections import Counter

ACCOUNTS = """
county.doctor 转诊医生 浏阳市人民医院 儿科
county.expert 接诊专家 浏阳市人民医院 儿科
county.office 转诊办 浏阳市人民医院
county.admin 医院管理员 浏阳市人民医院
city.doctor 转诊医生 长沙市妇幼保健院 儿科
city.expert 接诊专家 长沙市妇幼保健院 儿科
city.office 转诊办 长沙市妇幼保健院
province.expert 接诊专家 湖南省儿童医院 儿童重症医学科
province.expert2 接诊专家 湖南省儿童医院 儿童重症医学科
province.office 转诊办 湖南省儿童医院
province.doctor 转诊医生 湖南省儿童医院 儿童重症医学科
province.admin 医院管理员 湖南省儿童医院
alliance.admin 联盟管理员 湖南省儿童医院
lab 病理科（申请方） 浏阳市人民医院 病理科
province.lab 病理科（申请方） 湖南省肿瘤医院 病理科
pathologist 病理专家 湖南省肿瘤医院 病理科
pathologist2 病理专家 湖南省肿瘤医院 病理科
pathology.lead 病理会诊负责人、病理专家 湖南省肿瘤医院 病理科
observer 卫健委观察员 湖南省
hotline 12320 坐席 湖南省
auditor 审计员 湖南省
system.admin 系统管理员 湖南省
security.admin 安全管理员 湖南省
other.doctor 转诊医生 凤凰县人民医院 儿科
other.expert 接诊专家 凤凰县人民医院 儿科
""".strip().splitlines()


def tally(rows, *names: str) -> dict:
    """How many rows have each value, or combination of values."""
    return Counter(rows.values_list(*names, flat=len(names) == 1))
