//! The price list: the row that holds (PRC-11), and what each mistake says.

use super::*;

const HEADER: &str = "valid_from,product,item,license_type,license,maintenance,currency,vat_percent";
#[test]
fn dump2() {
    let c = |rows: &str| println!("{:?}", PriceList::parse(&format!("{HEADER}\n# x\n\n{rows}")).map(|r| r.1.iter().map(|f| f.to_string()).collect::<Vec<_>>()).map_err(|e| e.iter().map(|p| p.to_string()).collect::<Vec<_>>()));
    c("");
    c("2012-07-30,control,users,commercial,124.00,41.00,EUR,18");
    c("2012-07-30,control,users,commercial,124.00,20.00,EUR,18\n\n#\n2012-07-30,control,server,commercial,0,0,EUR,18\r\n2013-07-30,control,users,commercial,0,20.00,EUR,18");
    c("2012-7-30,kontrol,user,comercial,124,0 €,-41.00,Euro,118");
    c("2012-7-30,kontrol,user,comercial,1e3,-41.00,Euro,118\n2012-07-30,control,users,commercial,124.00,20.00,EUR,18");
    c("2012-07-30,control,users,commercial,124.00,41.00,EUR,18\n2012-07-30,control,users,commercial,124.00,41.00,RUB,18");
    for t in ["", "\n#x\n", "2012-07-30;control;users", "a,b\n"] {
    println!("{:?}", PriceList::parse(t).map(|r| r.1.iter().map(|f| f.to_string()).collect::<Vec<_>>()).map_err(|e| e.iter().map(|p| p.to_string()).collect::<Vec<_>>()));
    }
}
